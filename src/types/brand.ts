// The protocol's scalar types. Hashes, identities and public keys are lowercase hex strings of 64 characters in
// memory (compared with ===, used as Map keys, shown as such in JSON) and 32 raw bytes in canonical bytes.

declare const brand: unique symbol
type Brand<T, Name extends string> = T & { readonly [brand]: Name }

/** SHA-256 digest, 64 lowercase hex characters. */
export type Hash = Brand<string, 'Hash'>
/** Random 32-byte id of an institution, practitioner, patient, regulator, device or group. */
export type IdentityId = Brand<string, 'IdentityId'>
/** Ed25519 or X25519 public key, raw 32 bytes as hex. */
export type PublicKey = Brand<string, 'PublicKey'>
/** Block height; genesis is 0. */
export type Height = Brand<number, 'Height'>
/** Election term; genesis is 0, the first leader's is 1. */
export type Term = Brand<number, 'Term'>
/** Number of a validator set; rises by one with every membership change. */
export type Epoch = Brand<number, 'Epoch'>
/** A validator's number, for one consensus key and for ever: another key is another seat, in whatever epoch. */
export type Seat = Brand<number, 'Seat'>

const HEX_32 = /^[0-9a-f]{64}$/

export function isHex32(text: string): boolean {
  return HEX_32.test(text)
}

/** Thrown where text that should name a 32-byte value does not. `what` names the field. */
export class HexError extends Error {
  constructor(what: string) {
    super(`${what}: expected 64 lowercase hex characters (32 bytes)`)
    this.name = 'HexError'
  }
}

function hex32(text: string, what: string): string {
  if (typeof text !== 'string' || !HEX_32.test(text)) throw new HexError(what)
  return text
}

export const asHash = (text: string, what = 'hash'): Hash => hex32(text, what) as Hash
export const asIdentityId = (text: string, what = 'identity'): IdentityId => hex32(text, what) as IdentityId
export const asPublicKey = (text: string, what = 'public key'): PublicKey => hex32(text, what) as PublicKey

/** Stands for "no block", "no certificate": the parent of genesis, absent certificates. */
export const ZERO_HASH = '0'.repeat(64) as Hash
