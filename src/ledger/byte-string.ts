// Key bytes as a string with one character a byte: compares in byte order, and works as a map key.

export type ByteString = string

/** Of any byte array, without a Buffer made of it first. */
const { latin1Slice } = Buffer.prototype

export function toByteString(bytes: Uint8Array): ByteString {
  return latin1Slice.call(bytes)
}

export function fromByteString(text: ByteString): Uint8Array {
  return Buffer.from(text, 'latin1')
}
