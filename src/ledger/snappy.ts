// Decompression of Snappy blocks, the form in which LevelDB keeps most of its tables. Only `assent verify` needs it, to
// see what lies in a table without trusting the database. Source: google/snappy, format_description.txt.

export class SnappyError extends Error {
  override readonly name = 'SnappyError'
}

export function decompressSnappy(compressed: Uint8Array): Uint8Array {
  let at = 0
  const next = (): number => {
    const byte = compressed[at++]
    if (byte === undefined) throw new SnappyError('ends too early')
    return byte
  }
  const little = (bytes: number): number => {
    let value = 0
    for (let i = 0; i < bytes; i++) value += next() * 2 ** (8 * i)
    return value
  }

  let length = 0
  for (let shift = 0; ; shift += 7) {
    const byte = next()
    length += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
    if (shift > 28) throw new SnappyError('length too long')
  }
  // Nothing that LevelDB writes compresses more than 64 times; a damaged length must not fill the memory.
  if (length > 64 * compressed.length) throw new SnappyError('length beyond what the bytes can hold')

  const output = new Uint8Array(length)
  let end = 0
  while (at < compressed.length) {
    const tag = next()
    const kind = tag & 3
    if (kind === 0) {
      const short = tag >>> 2
      const count = 1 + (short < 60 ? short : little(short - 59))
      if (at + count > compressed.length || end + count > length) throw new SnappyError('literal out of bounds')
      output.set(compressed.subarray(at, at + count), end)
      at += count
      end += count
      continue
    }
    const count = kind === 1 ? 4 + ((tag >>> 2) & 7) : 1 + (tag >>> 2)
    const offset = kind === 1 ? (tag >>> 5) * 256 + next() : little(kind === 2 ? 2 : 4)
    if (offset === 0 || offset > end || end + count > length) throw new SnappyError('copy out of bounds')
    // Byte by byte: a copy may overlap what it writes.
    for (let i = 0; i < count; i++, end++) output[end] = output[end - offset] as number
  }
  if (end !== length) throw new SnappyError('shorter than it says')
  return output
}
