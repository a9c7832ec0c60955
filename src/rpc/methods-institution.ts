// institution.*: what a node does in its institution's name, for the institution's own systems. They hold the token that
// lies in the node's data folder; without it nothing here answers.

import * as z from 'zod'
import { createAuthorizer } from './authorize.ts'
import { RpcError } from './errors.ts'
import { defineMethod, type Method } from './method.ts'
import { base64Schema, hashSchema, identitySchema, integerSchema, publicKeySchema } from './schema.ts'
import type { InstitutionService } from './services.ts'

const RESOURCES_MAX = 1_000
const bytesSchema = base64Schema.transform((text) => Uint8Array.fromBase64(text))
const resourceSchema = z.looseObject({ resourceType: z.string('a FHIR resource') }, 'a FHIR resource')
const referenceSchema = z.strictObject({
  kind: z.enum(['patient', 'practitioner', 'practitionerRole', 'organization', 'group', 'delegation']),
  id: identitySchema,
  at: identitySchema.optional(),
})
const problemSchema = z.strictObject({
  code: z.string(),
  path: z.string().describe('FHIRPath of the element.'),
  reason: z.string(),
  accepted: z.string(),
})

export function institutionMethods(institution: InstitutionService): readonly Method[] {
  const authorize = createAuthorizer(institution.token)

  return [
    defineMethod({
      name: 'institution.enrollPatient',
      summary: "Brings a FHIR Patient into the institution's index, and onto the chain as a random id if it is new.",
      params: z.strictObject({
        resource: resourceSchema,
        signing: publicKeySchema.optional().describe("The patient's own signing key, where there is one."),
        encryption: publicKeySchema.optional(),
      }),
      result: z.strictObject({ patient: identitySchema, created: z.boolean() }),
      errors: ['TOKEN_REQUIRED', 'UNACCEPTABLE_RESOURCE', 'CALL_REFUSED', 'NOT_READY'],
      run({ resource, signing = null, encryption = null }, caller) {
        authorize(caller)
        return institution.enrollPatient(resource, { signing, encryption })
      },
    }),
    defineMethod({
      name: 'institution.findPatient',
      summary: "The random id that the institution's index has for a FHIR Patient, or null.",
      params: z.strictObject({ resource: resourceSchema }),
      result: z.strictObject({ patient: identitySchema.nullable() }),
      errors: ['TOKEN_REQUIRED', 'UNACCEPTABLE_RESOURCE'],
      async run({ resource }, caller) {
        authorize(caller)
        return { patient: await institution.findPatient(resource) }
      },
    }),
    defineMethod({
      name: 'institution.storeRecords',
      summary: 'Encrypts resource versions of one patient into the vault and enters ids and hashes on the chain.',
      params: z.strictObject({
        patient: identitySchema,
        resources: z.array(bytesSchema).min(1).max(RESOURCES_MAX).describe('Exact bytes of each resource, base64.'),
      }),
      result: z.strictObject({
        records: z.array(z.strictObject({ record: identitySchema, ciphertextHash: hashSchema })),
      }),
      errors: ['TOKEN_REQUIRED', 'CALL_REFUSED', 'NOT_READY'],
      async run({ patient, resources }, caller) {
        authorize(caller)
        const stored = await institution.storeRecords(patient, resources)
        return { records: stored.map(({ recordId, ciphertextHash }) => ({ record: recordId, ciphertextHash })) }
      },
    }),
    defineMethod({
      name: 'institution.putConsent',
      summary: 'Reads a FHIR Consent and registers, changes or ends it on the chain as its custodian.',
      params: z.strictObject({
        consent: bytesSchema.describe('Exact bytes of the Consent, base64.'),
        references: z
          .record(z.string(), referenceSchema)
          .default({})
          .describe('Who the references in the Consent stand for.'),
      }),
      result: z.union([
        z.strictObject({
          kind: z.literal('registered'),
          consents: z.array(z.strictObject({ consent: identitySchema, version: integerSchema })),
        }),
        z.strictObject({ kind: z.literal('ended'), consent: identitySchema }),
        z.strictObject({ kind: z.literal('nothing'), reason: z.string() }),
        z.strictObject({ kind: z.literal('refused'), problems: z.array(problemSchema) }),
      ]),
      errors: ['TOKEN_REQUIRED', 'CALL_REFUSED', 'NOT_READY'],
      run({ consent, references }, caller) {
        authorize(caller)
        return institution.putConsent(consent, references) as never
      },
    }),
    defineMethod({
      name: 'institution.fetchRecords',
      summary: 'Fetches what a committed decision permits from its custodian, checks it against the chain, opens it.',
      params: z.strictObject({ patient: identitySchema, decision: integerSchema }),
      result: z.strictObject({
        records: z.array(
          z.strictObject({
            record: identitySchema,
            version: integerSchema,
            release: integerSchema.describe('Number of the release on the chain.'),
            resource: base64Schema.describe('Exact bytes of the resource.'),
            accompaniment: z
              .strictObject({ notice: z.string(), consents: z.array(hashSchema) })
              .nullable()
              .describe('What whoever gets the record must get with it (spec/fhir.md, "Redisclosure").'),
          }),
        ),
        consents: z
          .array(z.strictObject({ document: hashSchema, resource: base64Schema }))
          .describe('The Consents that accompany records, by their commitments on the chain.'),
      }),
      errors: ['TOKEN_REQUIRED', 'NOT_RELEASED', 'NOT_FOUND', 'NOT_READY'],
      async run({ patient, decision }, caller) {
        authorize(caller)
        const records = await institution.fetchRecords({ patient, decision })
        const copies = records.flatMap(({ accompaniment }) => accompaniment?.consents ?? [])
        return {
          records: records.map(({ recordId, version, release, bytes, accompaniment }) => ({
            record: recordId,
            version,
            release,
            resource: bytes.toBase64(),
            accompaniment: accompaniment && {
              notice: accompaniment.notice,
              consents: accompaniment.consents.map(({ commitment }) => commitment),
            },
          })),
          consents: [...new Map(copies.map(({ commitment, bytes }) => [commitment, bytes]))].map(
            ([document, bytes]) => {
              return { document, resource: bytes.toBase64() }
            },
          ),
        }
      },
    }),
    defineMethod({
      name: 'institution.exportConsent',
      summary:
        'A consent at this custodian as a FHIR R4 Consent: terms from the chain, text and data limits from the vault.',
      params: z.strictObject({
        patient: identitySchema,
        consent: identitySchema,
        version: integerSchema.optional().describe('The latest where none is named.'),
      }),
      result: z.looseObject({ resourceType: z.literal('Consent') }),
      errors: ['TOKEN_REQUIRED', 'NOT_FOUND'],
      async run({ patient, consent, version = null }, caller) {
        authorize(caller)
        const found = await institution.exportConsent({ patient, consent, version })
        if (found === null) throw new RpcError('NOT_FOUND', { field: 'params.consent' })
        return found as { resourceType: 'Consent' }
      },
    }),
    defineMethod({
      name: 'institution.erasePatient',
      summary: 'Destroys what the institution keeps of a patient outside the chain, and commits the receipt.',
      params: z.strictObject({
        patient: identitySchema,
        ground: z
          .enum(['patientWish', 'retentionEnded', 'unlawfulProcessing', 'legalDuty'])
          .describe('Where nobody has asked for it yet (contract erasure).'),
      }),
      result: z.strictObject({
        records: integerSchema,
        consentParts: integerSchema.describe('Bodies and data limits of consents, each with its salt.'),
        identifiers: integerSchema.describe('Rows of the identity index.'),
        comments: integerSchema.describe('Free texts of break-glasses.'),
      }),
      errors: ['TOKEN_REQUIRED', 'CALL_REFUSED', 'NOT_READY'],
      run({ patient, ground }, caller) {
        authorize(caller)
        return institution.erasePatient(patient, ground)
      },
    }),
  ]
}
