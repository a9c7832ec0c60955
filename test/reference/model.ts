// What the reference evaluator reads: a consortium at one instant, a request, and what a custodian knows of a resource.
// Written from the rules alone (spec/consent.md); it shares no code with the contracts it is compared with.

export type Id = string
export type Instant = number

/** Half open; null is without bound. */
export interface Period {
  readonly from: Instant | null
  readonly to: Instant | null
}

export type Recipient =
  | { readonly kind: 'person' | 'institution' | 'group'; readonly id: Id; readonly at: null }
  | { readonly kind: 'personAt'; readonly id: Id; readonly at: Id }

export type Level = 'U' | 'L' | 'M' | 'N' | 'R' | 'V'

/** Every kind that is stated must hold; empty, or null, is not stated. */
export interface Limits {
  readonly confidentiality: readonly Level[]
  readonly sensitivity: readonly string[]
  readonly classes: readonly string[]
  readonly codes: readonly Id[]
  readonly period: Period | null
  readonly instances: readonly Id[]
  readonly related: readonly Id[]
  readonly authors: readonly Id[]
}

/** As it was stated; `limits` null where none apply. */
export interface Clause extends Period {
  readonly type: 'permit' | 'deny'
  readonly recipients: readonly Recipient[]
  readonly purposes: readonly string[]
  readonly limits: Limits | null
}

export interface Version {
  /** Under which the consent was given; null where the patient gave it. */
  readonly delegation: Id | null
  /** The root, then its exceptions. */
  readonly clauses: readonly Clause[]
}

export interface Consent {
  readonly id: Id
  readonly patient: Id
  readonly custodian: Id
  readonly status: 'active' | 'revoked' | 'voided'
  /** The custodian registered it, from what was signed on paper. No step of the decision asks. */
  readonly isAttested: boolean
  /** Ascending, at least one. */
  readonly versions: readonly Version[]
}

export interface Delegation extends Period {
  readonly id: Id
  readonly isEnded: boolean
}

export interface Practitioner {
  readonly id: Id
  readonly institution: Id | null
  readonly roles: readonly string[]
  readonly isSuspended: boolean
}

export interface World {
  readonly now: Instant
  readonly implicitPolicy: 'deny' | 'basicNormal' | 'allNormal' | 'breakGlassOnly'
  readonly breakGlass: 'override' | 'consentOnly' | 'never'
  readonly institutions: readonly { readonly id: Id; readonly isSuspended: boolean }[]
  readonly practitioners: readonly Practitioner[]
  readonly groups: readonly { readonly id: Id; readonly version: number; readonly members: readonly Id[] }[]
  readonly patients: readonly Id[]
  /** Sets of ids of one person. */
  readonly linked: readonly (readonly Id[])[]
  readonly encryptionKeys: readonly { readonly key: Id; readonly owner: Id }[]
  readonly delegations: readonly Delegation[]
  /** In the order in which they were registered. */
  readonly consents: readonly Consent[]
}

export interface Request {
  readonly submitter: Id
  readonly patient: Id
  readonly custodian: Id
  readonly practitioner: Id | null
  readonly role: string
  readonly institution: Id
  readonly purpose: string
  readonly recipientKey: Id
  readonly hasBreakGlassReason: boolean
}

/** What was found of a resource; not complete where there may be more. */
export interface Found {
  readonly values: readonly string[]
  readonly complete: boolean
}

export interface Resource {
  readonly class: string
  readonly instance: Id | null
  readonly confidentiality: Level | null
  readonly sensitivity: Found
  readonly codes: Found
  readonly time: Period
  readonly authors: Found
  /** What it is part of; an encounter, care plan or episode of care is part of itself. */
  readonly related: Found
}
