import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256, sha256Hex, taggedBytes, taggedDigest, taggedHash } from './hash.ts'

const text = (value: string) => new TextEncoder().encode(value)

// FIPS 180-4, examples of NIST's Cryptographic Standards and Guidelines.
test.each([
  ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
  ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
  [
    'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  ],
])('sha256() and sha256Hex() of "%s" are those of FIPS 180-4', (input, digest) => {
  expect(sha256(text(input)).toHex()).toBe(digest)
  expect(sha256Hex(text(input))).toBe(digest)
})

test('taggedBytes() is tag, zero byte, bytes', () => {
  expect(taggedBytes('assent/tx/1', new Uint8Array([0, 1]))).toEqual(text('assent/tx/1\0\0\x01'))
})

test('taggedHash() and taggedDigest() are the SHA-256 of the tagged bytes', () => {
  const tagged = taggedBytes('assent/ack/1', text('x'))
  expect(taggedHash('assent/ack/1', text('x'))).toBe(sha256Hex(tagged))
  expect(taggedDigest('assent/ack/1', text('x'))).toEqual(sha256(tagged))
})

test('taggedBytes() gives two kinds of thing never the same bytes', () => {
  const tag = fc.stringMatching(/^[a-z0-9/]{1,12}$/)
  const body = fc.uint8Array({ maxLength: 12 })
  fc.assert(
    fc.property(tag, body, tag, body, (tagA, a, tagB, b) => {
      const same = tagA === tagB && a.toHex() === b.toHex()
      expect(taggedBytes(tagA, a).toHex() === taggedBytes(tagB, b).toHex()).toBe(same)
    }),
  )
})

test.each(['', 'a b', 'a\0b', 'ä', 'x'.repeat(65)])('taggedBytes() refuses the tag %j', (tag) => {
  expect(() => taggedBytes(tag, new Uint8Array())).toThrow('tag: expected 1 to 64 printable ASCII characters')
})

test('every function refuses what is no Uint8Array', () => {
  for (const hash of [sha256, sha256Hex, taggedBytes.bind(null, 'tag'), taggedHash.bind(null, 'tag')]) {
    expect(() => hash('abc' as never)).toThrow('bytes: expected a Uint8Array')
  }
})
