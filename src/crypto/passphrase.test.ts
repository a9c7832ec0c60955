import { expect, test } from 'vitest'
import { generatePassphraseParameters, SCRYPT_COST, wrappingKeyFromPassphrase } from './passphrase.ts'

const CHEAP = { cost: 1024, blockSize: 8, parallelism: 1 }
const parameters = { ...CHEAP, salt: new Uint8Array(16).fill(1) }

test('wrappingKeyFromPassphrase() gives the same 32 bytes for the same passphrase and parameters only', () => {
  const key = wrappingKeyFromPassphrase('correct horse', parameters)
  expect(key.length).toBe(32)
  expect(wrappingKeyFromPassphrase('correct horse', parameters)).toEqual(key)
  expect(wrappingKeyFromPassphrase('correct horsf', parameters)).not.toEqual(key)
  expect(wrappingKeyFromPassphrase('correct horse', { ...parameters, salt: new Uint8Array(16) })).not.toEqual(key)
  expect(wrappingKeyFromPassphrase('correct horse', { ...parameters, cost: 2048 })).not.toEqual(key)
})

test('wrappingKeyFromPassphrase() takes both Unicode forms of a passphrase for one', () => {
  expect(wrappingKeyFromPassphrase('Schlu\u0308ssel', parameters)).toEqual(
    wrappingKeyFromPassphrase('Schl\u00fcssel', parameters),
  )
})

test('generatePassphraseParameters() takes the documented cost and a fresh salt, and the key can be derived', () => {
  const generated = generatePassphraseParameters()
  expect(generated).toMatchObject(SCRYPT_COST)
  expect(generated.salt).not.toEqual(generatePassphraseParameters().salt)
  expect(wrappingKeyFromPassphrase('x', generated).length).toBe(32)
})

test.each([
  [{ cost: 1000 }, 'cost: expected an integer from 1024'],
  [{ cost: 1025 }, 'cost: expected a power of two'],
  [{ cost: 2 ** 21 }, 'cost: expected an integer from 1024 to 1048576'],
  [{ cost: 2 ** 20, blockSize: 32 }, 'cost: expected at most'],
  [{ blockSize: 0 }, 'blockSize: expected an integer from 1 to 32, got 0'],
  [{ parallelism: 17 }, 'parallelism: expected an integer from 1 to 16, got 17'],
  [{ salt: new Uint8Array(8) }, 'salt: expected 16 bytes, got 8'],
])('wrappingKeyFromPassphrase() refuses stored parameters %o', (wrong, message) => {
  expect(() => wrappingKeyFromPassphrase('x', { ...parameters, ...wrong })).toThrow(message)
})

test('wrappingKeyFromPassphrase() refuses an empty passphrase', () => {
  expect(() => wrappingKeyFromPassphrase('', parameters)).toThrow('passphrase: expected text of at least one character')
})
