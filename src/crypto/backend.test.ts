import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { backend } from '#crypto-backend'
import { backend as nobleBackend } from './backend-noble.ts'
import { backend as nodeBackend } from './backend-node.ts'

const BACKENDS = [nodeBackend, nobleBackend]
const text = (value: string) => new TextEncoder().encode(value)

test('#crypto-backend is the Node backend under Node', () => {
  expect(backend.name).toBe('node')
})

test('both backends give the same digests, keys and signatures', () => {
  const seed = fc.uint8Array({ minLength: 32, maxLength: 32 })
  fc.assert(
    fc.property(seed, fc.uint8Array({ maxLength: 300 }), (secret, message) => {
      const [node, noble] = BACKENDS.map((each) => {
        const publicKey = each.ed25519PublicKey(secret)
        const signature = each.ed25519Sign(new Uint8Array([...secret, ...publicKey]), message)
        return [each.sha256(message).toHex(), each.sha256Hex(message), publicKey.toHex(), signature.toHex()]
      })
      expect(node).toEqual(noble)
      expect(node?.[0]).toBe(node?.[1])
    }),
    { numRuns: 50 },
  )
})

// RFC 7914, section 12; the RFC lists 64 bytes, whose first 32 are the output for 32.
test.each(BACKENDS)('the $name backend gives the scrypt vectors of RFC 7914', ({ scrypt }) => {
  expect(scrypt(text(''), text(''), { cost: 16, blockSize: 1, parallelism: 1 }).toHex()).toBe(
    '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442',
  )
  expect(scrypt(text('password'), text('NaCl'), { cost: 1024, blockSize: 8, parallelism: 16 }).toHex()).toBe(
    'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162',
  )
  expect(
    scrypt(text('pleaseletmein'), text('SodiumChloride'), { cost: 16384, blockSize: 8, parallelism: 1 }).toHex(),
  ).toBe('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2')
})

test('no file but backend-node.ts imports what a browser lacks', () => {
  const folder = new URL('.', import.meta.url)
  const offenders = readdirSync(folder)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !name.endsWith('.d.ts'))
    .filter((name) => /from '(node:|sodium-native)/.test(readFileSync(new URL(name, folder), 'utf8')))
  // ed25519-verdicts.ts is for tests: OpenSSL as third opinion.
  expect(offenders.sort()).toEqual(['backend-node.ts', 'ed25519-verdicts.ts'])
})
