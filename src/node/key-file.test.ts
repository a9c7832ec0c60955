import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { verify } from '../crypto/ed25519.ts'
import type { IdentityId } from '../types/brand.ts'
import { createKeyFile, KeyFileError, loadKeyFile, replaceTransportKey } from './key-file.ts'
import { createPersonFile, loadPersonFile, setPersonIdentity } from './person-file.ts'
import { loadOrCreateToken } from './rpc-token.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'assent-keys-'))
  file = join(folder, 'keys.json')
})
afterEach(() => rmSync(folder, { recursive: true }))

const modeOf = (path: string): number => statSync(path).mode & 0o777
const messageOf = (act: () => unknown): string => {
  try {
    act()
  } catch (error) {
    expect(error).toBeInstanceOf(KeyFileError)
    return (error as Error).message
  }
  return 'no error'
}
const rewrite = (change: object): void => {
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }))
}

describe('the key file of an institution', () => {
  it('holds new random keys of every kind, for its owner’s eyes only', () => {
    createKeyFile(file, { validator: true })
    expect(modeOf(file)).toBe(0o600)
    const keys = loadKeyFile(file)
    const { signing, encryption, transport, consensus } = keys
    const all = [keys.institution, signing.publicKey, encryption.publicKey, transport.publicKey, consensus?.publicKey]
    expect(new Set(all).size).toBe(5)
    const message = new Uint8Array([1, 2, 3])
    expect(verify(Uint8Array.fromHex(signing.publicKey), message, signing.sign(message))).toBe(true)
  })

  it('holds no consensus key of an observer', () => {
    createKeyFile(file, { validator: false })
    expect(loadKeyFile(file).consensus).toBe(null)
  })

  it('is never overwritten', () => {
    createKeyFile(file, { validator: true })
    const before = readFileSync(file, 'utf8')
    expect(messageOf(() => createKeyFile(file, { validator: true }))).toContain('exists already')
    expect(readFileSync(file, 'utf8')).toBe(before)
  })

  it('is not read while others may read it', () => {
    createKeyFile(file, { validator: true })
    for (const mode of [0o640, 0o604, 0o660]) {
      chmodSync(file, mode)
      expect(messageOf(() => loadKeyFile(file))).toContain('expected mode 0600')
    }
  })

  it('is refused by the name of the wrong field, without its value', () => {
    createKeyFile(file, { validator: true })
    rewrite({ signing: 'secret that is not hex', extra: 1 })
    const message = messageOf(() => loadKeyFile(file))
    expect(message).toContain('signing')
    expect(message).not.toContain('secret')
    writeFileSync(file, '{"signing": "secr')
    expect(messageOf(() => loadKeyFile(file))).toBe(`${file}: is not JSON`)
  })

  it('is missed by its name', () => {
    expect(messageOf(() => loadKeyFile(file))).toBe(`${file}: cannot be read: ENOENT`)
  })
})

describe('replaceTransportKey()', () => {
  it('takes the new key into use once it is registered, and leaves everything else', async () => {
    createKeyFile(file, { validator: true })
    const before = loadKeyFile(file)
    const registered: string[] = []
    const key = await replaceTransportKey(file, async (key) => {
      expect(loadKeyFile(file).transport).toEqual(before.transport)
      registered.push(key)
    })
    const after = loadKeyFile(file)
    expect([after.transport.publicKey, registered]).toEqual([key, [key]])
    expect(after.signing.publicKey).toBe(before.signing.publicKey)
    expect(modeOf(file)).toBe(0o600)
  })

  it('keeps the old one where the new one was refused', async () => {
    createKeyFile(file, { validator: false })
    const before = loadKeyFile(file)
    await expect(replaceTransportKey(file, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(loadKeyFile(file).transport).toEqual(before.transport)
    expect(existsSync(`${file}.new`)).toBe(false)
  })
})

describe('the key file of a person', () => {
  it('holds its id and keys, and takes over an id that an institution gave out, with the same keys', () => {
    const keys = createPersonFile(file)
    const identity = 'ab'.repeat(32) as IdentityId
    expect(setPersonIdentity(file, identity).identity).toBe(identity)
    expect(loadPersonFile(file).signing.publicKey).toBe(keys.signing.publicKey)
    expect(modeOf(file)).toBe(0o600)
  })

  it('is never overwritten', () => {
    createPersonFile(file)
    expect(messageOf(() => createPersonFile(file))).toContain('exists already')
  })
})

describe('the token of the RPC', () => {
  it('is made once, for its owner’s eyes only', () => {
    const token = loadOrCreateToken(file)
    expect(token).toMatch(/^[0-9a-f]{64}$/)
    expect(loadOrCreateToken(file)).toBe(token)
    expect(modeOf(file)).toBe(0o600)
  })

  it('is never empty or short, which would let everybody in', () => {
    for (const content of ['', '\n', 'abc']) {
      writeFileSync(file, content, { mode: 0o600 })
      expect(messageOf(() => loadOrCreateToken(file))).toContain('expected 64 hex characters')
    }
  })

  it('is not read while others may read it', () => {
    loadOrCreateToken(file)
    chmodSync(file, 0o644)
    expect(messageOf(() => loadOrCreateToken(file))).toContain('expected mode 0600')
  })
})
