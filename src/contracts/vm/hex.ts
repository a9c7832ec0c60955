// Bytes from the lowercase hex in which the machine holds ids, hashes and keys. Half the time of Uint8Array.fromHex, which
// has to look for other characters; every decision does this a hundred times.

/** Writes the bytes at `offset`, and answers the offset behind them. */
export function writeHex(target: Uint8Array, offset: number, hex: string): number {
  for (let i = 0; i < hex.length; i += 2) {
    target[offset++] = (digit(hex.charCodeAt(i)) << 4) | digit(hex.charCodeAt(i + 1))
  }
  return offset
}

export function bytesOfHex(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length / 2)
  writeHex(bytes, 0, hex)
  return bytes
}

/** '0'-'9' are 0x30-0x39, 'a'-'f' 0x61-0x66. */
function digit(character: number): number {
  return (character & 0xf) + (character >> 6) * 9
}
