import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSigner, generateKeyPair, isAdmissible, publicKeyOf, sign, verify } from './ed25519.ts'
import { ALL_INVALID, ALL_VALID, verdictsOf } from './ed25519-verdicts.ts'

const { Point } = ed25519
const L = Point.Fn.ORDER

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const message = fc.uint8Array({ maxLength: 100 })
// The reference library is slow (2 ms a verification).
const runs = { numRuns: 60 }

function littleEndian(value: bigint): Uint8Array {
  return Uint8Array.fromHex(value.toString(16).padStart(64, '0')).toReversed()
}

function fromLittleEndian(value: Uint8Array): bigint {
  return BigInt(`0x${value.toReversed().toHex()}`)
}

function withBit(source: Uint8Array, bit: number): Uint8Array {
  const flipped = source.slice()
  flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7))
  return flipped
}

function joined(left: Uint8Array, right: Uint8Array): Uint8Array {
  return new Uint8Array([...left, ...right])
}

test('generateKeyPair() makes a new key each time, or the key of a given seed', () => {
  const pair = generateKeyPair()
  expect(generateKeyPair().publicKey).not.toEqual(pair.publicKey)
  expect(generateKeyPair(pair.seed)).toEqual(pair)
  expect(publicKeyOf(pair.seed)).toEqual(pair.publicKey)
})

test('createSigner() signs as sign() does, and keeps signing when the caller wipes its seed', () => {
  const { seed, publicKey } = generateKeyPair()
  const expected = sign(seed, new Uint8Array([1]))
  const signer = createSigner(seed)
  seed.fill(0)
  expect(signer.publicKey).toEqual(publicKey)
  expect(signer.sign(new Uint8Array([1]))).toEqual(expected)
})

test('publicKeyOf(), sign() and createSigner() name the argument that they refuse', () => {
  expect(() => publicKeyOf(new Uint8Array(31))).toThrow('seed: expected 32 bytes, got 31')
  expect(() => sign(new Uint8Array(64), new Uint8Array())).toThrow('seed: expected 32 bytes, got 64')
  expect(() => sign(new Uint8Array(32), 'text' as never)).toThrow('message: expected a Uint8Array')
})

test('every library accepts every honest signature', () => {
  fc.assert(
    fc.property(bytes(32), message, (seed, signed) => {
      const publicKey = publicKeyOf(seed)
      expect(verdictsOf(publicKey, signed, sign(seed, signed))).toEqual(ALL_VALID)
    }),
    runs,
  )
})

test('every library refuses a signature, a key or a message with one bit flipped', () => {
  fc.assert(
    fc.property(
      bytes(32),
      fc.uint8Array({ minLength: 1, maxLength: 100 }),
      fc.nat(511),
      fc.nat(255),
      fc.nat(799),
      (seed, signed, signatureBit, keyBit, messageBit) => {
        const publicKey = publicKeyOf(seed)
        const signature = sign(seed, signed)
        const flippedMessage = withBit(signed, messageBit % (signed.length * 8))
        expect(verdictsOf(publicKey, signed, withBit(signature, signatureBit))).toEqual(ALL_INVALID)
        expect(verdictsOf(withBit(publicKey, keyBit), signed, signature)).toEqual(ALL_INVALID)
        expect(verdictsOf(publicKey, flippedMessage, signature)).toEqual(ALL_INVALID)
      },
    ),
    runs,
  )
})

test('every library refuses S + n L for every n that fits into 32 bytes', () => {
  fc.assert(
    fc.property(bytes(32), message, fc.integer({ min: 1, max: 14 }), (seed, signed, n) => {
      const signature = sign(seed, signed)
      const s = fromLittleEndian(signature.subarray(32)) + BigInt(n) * L
      expect(verdictsOf(publicKeyOf(seed), signed, joined(signature.subarray(0, 32), littleEndian(s)))).toEqual(
        ALL_INVALID,
      )
    }),
    runs,
  )
})

// Whoever knows the secret scalar a may add a point of small order to A and to R. Then [S]B - [k]A = R - [k](torsion of
// A) + (torsion of R): the cofactorless equation holds for one choice in eight, the cofactored one always.
test('every library gives the verdict of the cofactorless equation where A and R have a small-order component', () => {
  const torsion = Point.fromHex(ED25519_TORSION_SUBGROUP[1] as string)
  const seen = { valid: 0, invalid: 0 }
  fc.assert(
    fc.property(bytes(31), bytes(31), message, fc.nat(7), fc.nat(7), (aBytes, rBytes, signed, i, j) => {
      const a = fromLittleEndian(aBytes) + 1n
      const r = fromLittleEndian(rBytes) + 1n
      const publicKey = Point.BASE.multiply(a)
        .add(torsion.multiplyUnsafe(BigInt(i)))
        .toBytes()
      const encodedR = Point.BASE.multiply(r)
        .add(torsion.multiplyUnsafe(BigInt(j)))
        .toBytes()
      const k = fromLittleEndian(sha512(joined(joined(encodedR, publicKey), signed))) % L
      const signature = joined(encodedR, littleEndian((r + k * a) % L))
      const holds = (j + Number(k % 8n) * i) % 8 === 0
      expect(verdictsOf(publicKey, signed, signature)).toEqual(holds ? ALL_VALID : ALL_INVALID)
      expect(verify(publicKey, signed, signature)).toBe(holds)
      seen[holds ? 'valid' : 'invalid']++
    }),
    { numRuns: 150 },
  )
  expect(Math.min(seen.valid, seen.invalid)).toBeGreaterThan(0)
})

test('every library gives one verdict on keys and signatures of random bytes', () => {
  fc.assert(
    fc.property(bytes(32), bytes(64), message, (publicKey, signature, signed) => {
      const lowS = joined(signature.subarray(0, 32), littleEndian(fromLittleEndian(signature.subarray(32)) % L))
      expect(verdictsOf(publicKey, signed, lowS)).toEqual(ALL_INVALID)
    }),
    runs,
  )
})

const HONEST = { seed: new Uint8Array(32).fill(7), message: new Uint8Array([1, 2, 3]) }

test('isAdmissible() refuses every encoding of a point of small order, as A and as R', () => {
  const publicKey = publicKeyOf(HONEST.seed)
  const signature = sign(HONEST.seed, HONEST.message)
  expect(isAdmissible(publicKey, signature)).toBe(true)
  for (const hex of ED25519_TORSION_SUBGROUP) {
    const point = Uint8Array.fromHex(hex)
    for (const encoding of [point, withBit(point, 255)]) {
      expect(isAdmissible(encoding, signature), `A ${encoding.toHex()}`).toBe(false)
      expect(isAdmissible(publicKey, joined(encoding, signature.subarray(32))), `R ${encoding.toHex()}`).toBe(false)
    }
  }
})

test('isAdmissible() refuses all 19 values of y from p to 2^255 - 1, and takes p - 2', () => {
  const p = 2n ** 255n - 19n
  const signature = sign(HONEST.seed, HONEST.message)
  for (let y = p; y < 2n ** 255n; y++) {
    const encoding = littleEndian(y)
    expect(isAdmissible(encoding, signature)).toBe(false)
    expect(isAdmissible(withBit(encoding, 255), signature)).toBe(false)
  }
  expect(isAdmissible(littleEndian(p - 2n), signature)).toBe(true)
})

test('isAdmissible() takes S = L - 1 and refuses S = L', () => {
  const publicKey = publicKeyOf(HONEST.seed)
  const r = sign(HONEST.seed, HONEST.message).subarray(0, 32)
  expect(isAdmissible(publicKey, joined(r, littleEndian(L - 1n)))).toBe(true)
  expect(isAdmissible(publicKey, joined(r, littleEndian(L)))).toBe(false)
})

test('verify() answers false, and does not throw, on arguments of any type and length', () => {
  fc.assert(
    fc.property(fc.anything(), fc.anything(), fc.anything(), (publicKey, signed, signature) => {
      expect(verify(publicKey as never, signed as never, signature as never)).toBe(false)
    }),
  )
  const publicKey = publicKeyOf(HONEST.seed)
  const signature = sign(HONEST.seed, HONEST.message)
  expect(verify(publicKey, HONEST.message, signature)).toBe(true)
  for (const wrong of [signature.subarray(0, 63), joined(signature, new Uint8Array(1)), new Uint8Array()]) {
    expect(verify(publicKey, HONEST.message, wrong)).toBe(false)
  }
  for (const wrong of [publicKey.subarray(0, 31), joined(publicKey, new Uint8Array(1)), new Uint8Array()]) {
    expect(verify(wrong, HONEST.message, signature)).toBe(false)
  }
  expect(verify(publicKey, '' as never, signature)).toBe(false)
})

test('verify() reads views into larger buffers by their own offset and length', () => {
  const publicKey = publicKeyOf(HONEST.seed)
  const whole = joined(joined(publicKey, sign(HONEST.seed, HONEST.message)), HONEST.message)
  expect(verify(whole.subarray(0, 32), whole.subarray(96), whole.subarray(32, 96))).toBe(true)
})

test('verify() leaves its arguments as they were, Buffers too', () => {
  const { seed, publicKey } = generateKeyPair()
  for (let attempt = 0; attempt < 32; attempt++) {
    const message = new Uint8Array([attempt])
    const signature = Buffer.from(sign(seed, message))
    const before = signature.toString('hex')
    const key = Buffer.from(publicKey)
    expect(verify(key, message, signature)).toBe(true)
    expect(signature.toString('hex')).toBe(before)
    expect(key.toString('hex')).toBe(publicKey.toHex())
  }
})
