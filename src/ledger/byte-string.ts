// Key bytes as a string with one character a byte: compares in byte order, and works as a map key.

export type ByteString = string

export function toByteString(bytes: Uint8Array): ByteString {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

export function fromByteString(text: ByteString): Uint8Array {
  return Buffer.from(text, 'latin1')
}
