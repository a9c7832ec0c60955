// CRC-32C (Castagnoli), as LevelDB puts it behind every block of a table and before every record of a log. Node's zlib
// has only the other polynomial. Source: RFC 3720, B.4; leveldb util/crc32c.h for the mask.

const POLYNOMIAL = 0x82f63b78
const MASK_DELTA = 0xa282ead8

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1
  return crc
})

/** Of bytes that come one after the other. */
export class RunningCrc32c {
  private state = 0xffffffff
  add(byte: number): void {
    this.state = (table[(this.state ^ byte) & 0xff] as number) ^ (this.state >>> 8)
  }
  get masked(): number {
    return mask((this.state ^ 0xffffffff) >>> 0)
  }
}

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (let i = 0; i < bytes.length; i++) crc = (table[(crc ^ (bytes[i] as number)) & 0xff] as number) ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

/** As stored: a CRC over bytes that hold CRCs themselves would be weak. */
export function maskedCrc32c(bytes: Uint8Array): number {
  return mask(crc32c(bytes))
}

function mask(crc: number): number {
  return (((crc >>> 15) | (crc << 17)) + MASK_DELTA) >>> 0
}
