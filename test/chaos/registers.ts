// Two things on the chain that clients read and write while the network is ill, and what one of each may answer: the
// models that the linearizability of the history is judged by.
//
// A consent at its custodian is a register with compare-and-set: `consent.update` names the version that it replaces, and
// is refused with VERSION_CONFLICT when another one stands. What is read is the product's answer: a decision of
// `access.request` names the version of the consent that it used and says whether it permits.
//
// A group is a counter with a payload: `registry.setGroup` replaces the members and answers the new version, one above the
// one before. Nobody who sets it knows which one that was.

import type { NamedCall } from '../../src/client/interfaces.ts'
import type { Json } from '../../src/contracts/abi.ts'
import { assertNever } from '../../src/types/assert.ts'
import type { Model } from '../support/linearizability.ts'

export type Input =
  | { readonly kind: 'updateConsent'; readonly key: string; readonly replaces: number; readonly permits: boolean }
  | { readonly kind: 'requestAccess'; readonly key: string }
  | { readonly kind: 'setGroup'; readonly key: string; readonly members: readonly string[] }
  | { readonly kind: 'readGroup'; readonly key: string }

export type Output =
  | { readonly kind: 'version'; readonly version: number }
  | { readonly kind: 'conflict' }
  | { readonly kind: 'decision'; readonly version: number; readonly permits: boolean }
  | { readonly kind: 'group'; readonly version: number; readonly members: readonly string[] }

/** A consent's or a group's. */
export interface Register {
  readonly version: number
  readonly value: string
}

/** Both kinds begin at version 1; the set-up wrote it. */
export const modelOf = (initialValue: string): Model<Register, Input, Output> => ({
  initial: { version: 1, value: initialValue },
  step(state, input, output) {
    switch (input.kind) {
      case 'updateConsent': {
        if (input.replaces !== state.version) return output === null || output.kind === 'conflict' ? state : null
        return written(state, consentValue(input.permits), output)
      }
      case 'setGroup':
        return written(state, groupValue(input.members), output)
      case 'requestAccess': {
        if (output === null) return state
        return output.kind === 'decision' && isRead(state, output.version, consentValue(output.permits)) ? state : null
      }
      case 'readGroup': {
        if (output === null) return state
        return output.kind === 'group' && isRead(state, output.version, groupValue(output.members)) ? state : null
      }
      default:
        return assertNever(input)
    }
  },
  nameOf: ({ version, value }) => `${version} ${value}`,
})

export const consentValue = (permits: boolean): string => (permits ? 'permit' : 'deny')
export const groupValue = (members: readonly string[]): string => [...members].sort().join(' ')

function written({ version }: Register, value: string, output: Output | null): Register | null {
  const after = { version: version + 1, value }
  return output === null || (output.kind === 'version' && output.version === after.version) ? after : null
}

const isRead = (state: Register, version: number, value: string): boolean =>
  state.version === version && state.value === value

/** Who is who in the calls. */
export interface Parties {
  readonly custodian: string
  readonly requester: string
  /** Of the requester, who vouches for what it asks in the practitioner's name. */
  readonly practitioner: string
  readonly recipientKey: string
  /** The patient of each consent: one consent alone speaks for one patient. */
  readonly patientOf: ReadonlyMap<string, string>
}

export function callOf(input: Input, parties: Parties): NamedCall {
  const { custodian, requester, practitioner, recipientKey, patientOf } = parties
  switch (input.kind) {
    case 'updateConsent':
      return {
        contract: 'consent',
        method: 'update',
        args: { consent: input.key, replaces: input.replaces, ...termsOf(input.permits, { recorder: custodian }) },
      }
    case 'requestAccess':
      return {
        contract: 'access',
        method: 'request',
        args: {
          patient: patientOf.get(input.key) ?? '',
          custodian,
          practitioner,
          role: 'physician',
          institution: requester,
          purpose: 'TREAT',
          records: [],
          recipientKey,
          breakGlass: null,
        },
      }
    case 'setGroup':
      return { contract: 'registry', method: 'setGroup', args: { group: input.key, members: [...input.members] } }
    case 'readGroup':
      return { contract: 'registry', method: 'group', args: { group: input.key } }
    default:
      return assertNever(input)
  }
}

/** Of a consent for which the custodian vouches. */
export function termsOf(permits: boolean, { recorder }: { recorder: string }) {
  return {
    delegation: null,
    document: '00'.repeat(32),
    limits: null,
    recorder,
    clauses: [
      { type: consentValue(permits), recipients: [], purposes: ['TREAT'], from: null, to: null, limited: false },
    ],
  }
}

/** What a receipt, or the answer of a view, says in the model's words. Throws where it is nothing that the call may answer. */
export function outputOf(input: Input, { status, code, value }: { status: string; code: string; value: Json }): Output {
  const unexpected = (): never => {
    throw new Error(`${input.kind}: unexpected answer ${status} ${code} ${JSON.stringify(value)}`)
  }
  if (status !== 'ok') {
    return input.kind === 'updateConsent' && code === 'VERSION_CONFLICT' ? { kind: 'conflict' } : unexpected()
  }
  switch (input.kind) {
    case 'updateConsent':
    case 'setGroup':
      return { kind: 'version', version: value as number }
    case 'requestAccess': {
      const { outcome, clauses } = value as unknown as { outcome: string; clauses: { version: number }[] }
      const [used] = clauses
      return used === undefined
        ? unexpected()
        : { kind: 'decision', version: used.version, permits: outcome.startsWith('PERMIT') }
    }
    case 'readGroup': {
      const { version, members } = value as unknown as { version: number; members: string[] }
      return { kind: 'group', version, members }
    }
    default:
      return assertNever(input)
  }
}
