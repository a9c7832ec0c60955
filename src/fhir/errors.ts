// The errors of src/fhir. What is wrong with a resource is no error but a list of ElementProblems (problem.ts).

/**
 * - `WRONG_INDEX_KEY`: the identity index was made with another key. `INDEX_TAMPERED`: a row of it was altered.
 * - `IDENTIFIER_TAKEN`: the identifier stands for another id already.
 * - `FOLDER_UNREADABLE`: a folder or file to import cannot be read, or holds too much.
 * - `BINDING_INVALID`: a binding file has the wrong form.
 */
export type FhirErrorCode =
  | 'WRONG_INDEX_KEY'
  | 'INDEX_TAMPERED'
  | 'IDENTIFIER_TAKEN'
  | 'FOLDER_UNREADABLE'
  | 'BINDING_INVALID'

export class FhirError extends Error {
  readonly code: FhirErrorCode
  constructor(code: FhirErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'FhirError'
    this.code = code
  }
}
