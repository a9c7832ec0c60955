import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'

const at = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)

/** What a process says of a signature that nobody made, and whether its own signature is computed, by kind of statement. */
function verdicts(runtimeArgs: readonly string[]): Readonly<Record<string, { forged: boolean; constant: boolean }>> {
  const program = `
    const { createSigner, verify } = await import(${at('../../src/crypto/ed25519.ts')})
    const { TAG } = await import(${at('../../src/types/tags.ts')})
    const signer = createSigner(new Uint8Array(32).fill(1))
    const forged = createSigner(new Uint8Array(32).fill(2)).sign(new Uint8Array(1))
    const verdicts = {}
    for (const [kind, tag] of Object.entries(TAG)) {
      const [one, two] = [1, 2].map((last) => Uint8Array.of(...new TextEncoder().encode(tag), 0, last))
      const constant = signer.sign(one).toHex() === signer.sign(two).toHex()
      verdicts[kind] = { forged: verify(signer.publicKey, one, forged), constant }
    }
    console.log(JSON.stringify(verdicts))`
  return JSON.parse(execFileSync(process.execPath, [...runtimeArgs, '--input-type=module', '-e', program]).toString())
}

const STATEMENTS = ['header', 'ack', 'vote', 'promise', 'transferNotice']

describe('plain mode', () => {
  it('takes consensus statements at their word, and nothing else', () => {
    const plain = verdicts([`--import=${new URL('./plain-mode.ts', import.meta.url).href}`])
    for (const [kind, verdict] of Object.entries(plain)) {
      const expected = STATEMENTS.includes(kind)
      expect({ kind, ...verdict }).toEqual({ kind, forged: expected, constant: expected })
    }
    expect(Object.keys(plain)).toEqual(expect.arrayContaining([...STATEMENTS, 'transaction']))
  })

  it('is not there without the switch of the bench', () => {
    for (const verdict of Object.values(verdicts([]))) expect(verdict).toEqual({ forged: false, constant: false })
  })
})
