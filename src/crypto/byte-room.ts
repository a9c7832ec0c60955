// Small byte arrays that lie side by side in one allocation: one of its own costs 1 us, most of what a small value takes to
// write. Whoever keeps one keeps its room, a few kB.

const ROOM_BYTES = 4 * 1024
/** More than this gets an array of its own. */
const SHARED_BYTES_MAX = 1024

let room = new Uint8Array(ROOM_BYTES)
let used = 0

/** `length` zeros that nobody else has. */
export function takeBytes(length: number): Uint8Array {
  if (length > SHARED_BYTES_MAX) return new Uint8Array(length)
  if (used + length > ROOM_BYTES) {
    room = new Uint8Array(ROOM_BYTES)
    used = 0
  }
  used += length
  return room.subarray(used - length, used)
}
