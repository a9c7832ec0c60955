import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeFrame, FrameReader, FrameTooLargeError } from './frame.ts'

const message = fc.uint8Array({ maxLength: 300 })

/** Cuts bytes at the given places, in order. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end))
}

describe('frames', () => {
  it('come out as they went in, however the stream cuts them', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 20 }), (messages, places) => {
        const stream = new Uint8Array(messages.flatMap((bytes) => [...encodeFrame(bytes)]))
        const reader = new FrameReader(300)
        expect(cut(stream, places).flatMap((chunk) => reader.push(chunk))).toEqual(messages)
      }),
    )
  })

  it('are read from lists of chunks, too', () => {
    const frame = encodeFrame(Uint8Array.of(1, 2, 3))
    expect(new FrameReader(3).push([frame.subarray(0, 2), frame.subarray(2, 5), frame.subarray(5)])).toEqual([
      Uint8Array.of(1, 2, 3),
    ])
  })

  it('above the bound are refused by their length alone, before memory is taken for them', () => {
    const reader = new FrameReader(1_000)
    expect(reader.push(Uint8Array.of(0xff, 0xff, 0xff))).toEqual([])
    expect(() => reader.push(Uint8Array.of(0xff))).toThrow(FrameTooLargeError)
    expect(new FrameReader(1_000).push(encodeFrame(new Uint8Array(1_000)))).toHaveLength(1)
    expect(() => new FrameReader(999).push(encodeFrame(new Uint8Array(1_000)))).toThrow(/1000 bytes, at most 999/)
  })

  it('do not alias the chunk that they came in', () => {
    const chunk = encodeFrame(Uint8Array.of(7))
    const [read] = new FrameReader(10).push(chunk)
    chunk.fill(0)
    expect(read).toEqual(Uint8Array.of(7))
  })
})
