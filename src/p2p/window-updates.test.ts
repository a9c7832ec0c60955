import { describe, expect, it } from 'vitest'
import { WindowUpdates } from './window-updates.ts'

function update(streamId: number, bytes: number, flags = 0): Uint8Array {
  const frame = new Uint8Array(12)
  const view = new DataView(frame.buffer)
  frame[1] = 1
  view.setUint16(2, flags)
  view.setUint32(4, streamId)
  view.setUint32(8, bytes)
  return frame
}
const lengthOf = (frame: Uint8Array | null): number | null =>
  frame && new DataView(frame.buffer, frame.byteOffset).getUint32(8)

describe('WindowUpdates', () => {
  it('holds small updates back and sends their sum once half a window was read', () => {
    const updates = new WindowUpdates()
    expect(updates.next(update(1, 60_000))).toBe(null)
    expect(updates.next(update(1, 60_000))).toBe(null)
    expect(lengthOf(updates.next(update(1, 60_000)))).toBe(180_000)
    expect(updates.next(update(1, 100))).toBe(null)
  })

  it('counts every stream for itself', () => {
    const updates = new WindowUpdates()
    expect(updates.next(update(1, 100_000))).toBe(null)
    expect(updates.next(update(3, 100_000))).toBe(null)
    expect(lengthOf(updates.next(update(1, 100_000)))).toBe(200_000)
  })

  it('never holds back a flag, and sends what was held with it', () => {
    const updates = new WindowUpdates()
    expect(updates.next(update(5, 70))).toBe(null)
    const last = updates.next(update(5, 0, 4))
    expect(lengthOf(last)).toBe(70)
    expect(lengthOf(updates.next(update(7, 0, 2)))).toBe(0)
  })

  it('passes every other frame as it is', () => {
    const updates = new WindowUpdates()
    const data = new Uint8Array(20)
    const ping = new Uint8Array(12)
    ping[1] = 2
    expect(updates.next(data)).toBe(data)
    expect(updates.next(ping)).toBe(ping)
  })
})
