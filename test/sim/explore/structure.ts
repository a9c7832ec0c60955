// A core's state as a value: copied before a step changes it, and written down so that equal states have equal text.

import type { State } from '../../../src/consensus/state.ts'
import type { Block } from '../../../src/types/block.ts'
import type { CommitCert, LeaderCert } from '../../../src/types/certificate.ts'
import { commitCertHash, leaderCertHash } from '../../../src/types/signing.ts'

/** Deep, except for what nobody changes: settings, blocks, certificates, bytes. */
export function copyOf(state: State): State {
  return { ...(copy({ ...state, settings: null }) as State), settings: state.settings }
}

function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || isShared(value)) return value
  if (value instanceof Map) return new Map([...value].map(([key, entry]) => [key, copy(entry)]))
  if (value instanceof Set) return new Set(value)
  if (Array.isArray(value)) return value.map(copy)
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, copy(field)]))
}

/** Equal text for equal states. The order in which a map was filled does not count: no handler may depend on it. */
export function canonicalText(state: State): string {
  return write({ ...state, settings: state.settings.self })
}

function write(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Uint8Array) return value.subarray(0, 16).toHex()
  if (isBlock(value)) return value.hash
  if (isLeaderCert(value)) return leaderCertHash(value)
  if (isCommitCert(value)) return commitCertHash(value)
  if (value instanceof Map)
    return `{${[...value]
      .map(([key, entry]) => `${key}:${write(entry)}`)
      .sort()
      .join()}}`
  if (value instanceof Set) return `(${[...value].map(write).sort().join()})`
  if (Array.isArray(value)) return `[${value.map(write).join()}]`
  return `{${Object.entries(value)
    .map(([key, field]) => `${key}=${write(field)}`)
    .join()}}`
}

function isShared(value: object): boolean {
  return value instanceof Uint8Array || isBlock(value) || isLeaderCert(value) || isCommitCert(value)
}

const isBlock = (value: object): value is Block => 'header' in value && 'hash' in value
const isLeaderCert = (value: object): value is LeaderCert => 'candidate' in value && 'signatures' in value
const isCommitCert = (value: object): value is CommitCert => 'blockHash' in value && 'signatures' in value
