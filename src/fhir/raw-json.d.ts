// JSON.parse source text access (ECMAScript 2026), which TypeScript's library does not declare yet.

interface JSON {
  /** An object that JSON.stringify writes as the given JSON text of a primitive. */
  rawJSON(text: string): object
  isRawJSON(value: unknown): boolean
}
