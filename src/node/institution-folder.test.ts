import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { genesis as contractsOf } from '../ledger/consortium.fixture.ts'
import { ConfigError, loadConfig } from './config.ts'
import { buildGenesis, loadJoinCard, saveGenesis, signGenesis } from './genesis-file.ts'
import { type InstitutionOptions, initInstitution } from './institution-folder.ts'
import { KeyFileError, loadKeyFile } from './key-file.ts'

const OPTIONS: InstitutionOptions = {
  name: 'Hospital A',
  kind: 'hospital',
  role: 'validator',
  listen: '/ip4/127.0.0.1/tcp/7001',
  rpcPort: 8001,
}

let parent: string
let folder: string
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'assent-folder-'))
  folder = join(parent, 'hospital-a')
})
afterEach(() => rmSync(parent, { recursive: true }))

const modeOf = (name: string): number => statSync(join(folder, name)).mode & 0o777

describe('the folder of a new institution', () => {
  it('has keys, wrapping key, configuration and a card that fit together', () => {
    const card = initInstitution(folder, OPTIONS)
    const keys = loadKeyFile(join(folder, 'keys.json'))
    expect(loadJoinCard(join(folder, 'join-card.json'))).toEqual(card)
    expect(card.founder).toMatchObject({ institution: keys.institution, consensusKey: keys.consensus?.publicKey })
    expect(card.addresses).toEqual([OPTIONS.listen])
    const config = loadConfig(join(folder, 'assent.json'))
    expect(config).toMatchObject({ role: 'validator', keys: join(folder, 'keys.json'), rpc: { port: 8001 } })
    expect(config.vault.wrappingKey).toEqual({ file: join(folder, 'wrapping-key') })
  })

  it('lets nobody else read what is secret', () => {
    initInstitution(folder, OPTIONS)
    expect([modeOf('keys.json'), modeOf('wrapping-key'), statSync(folder).mode & 0o777]).toEqual([0o600, 0o600, 0o700])
  })

  it('has no secret in the card or the configuration', () => {
    initInstitution(folder, OPTIONS)
    const secrets = Object.entries(JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')))
      .filter(([name]) => name !== 'institution')
      .map(([, value]) => (typeof value === 'string' ? value : (value as { secretKey: string }).secretKey))
    secrets.push(readFileSync(join(folder, 'wrapping-key'), 'utf8').trim())
    const shown = ['join-card.json', 'assent.json'].map((name) => readFileSync(join(folder, name), 'utf8')).join()
    const card = JSON.parse(readFileSync(join(folder, 'join-card.json'), 'utf8')).card
    const all = shown + Uint8Array.fromBase64(card).toHex()
    expect(secrets.filter((secret) => all.includes(secret))).toEqual([])
  })

  it.each(['keys.json', 'wrapping-key', 'assent.json', 'join-card.json'])('is not made over an existing %s', (name) => {
    mkdirSync(folder)
    writeFileSync(join(folder, name), 'precious')
    expect(() => initInstitution(folder, OPTIONS)).toThrow(KeyFileError)
    expect(() => initInstitution(folder, OPTIONS)).toThrow(`${name}: exists already`)
    expect(readFileSync(join(folder, name), 'utf8')).toBe('precious')
  })

  it('of an institution that joins later asks the founders for the chain, under their genesis', () => {
    const cards = [initInstitution(folder, OPTIONS)]
    const keys = loadKeyFile(join(folder, 'keys.json'))
    const genesis = buildGenesis({ name: 'One', timeMs: 1, cards, contracts: contractsOf.contracts, setup: [] })
    const file = join(parent, 'genesis.json')
    const addresses = new Map([[keys.transport.publicKey, [OPTIONS.listen]]])
    saveGenesis(file, { genesis, signatures: [] }, addresses)
    const clinic = join(parent, 'clinic')
    const joinLater = (): unknown => initInstitution(clinic, { ...OPTIONS, name: 'Clinic', joins: file })
    expect(joinLater).toThrow(/genesis\.json: not signed by Hospital A/)
    expect(existsSync(clinic)).toBe(false)

    saveGenesis(file, { genesis, signatures: [signGenesis(genesis, keys)] }, new Map())
    expect(joinLater).toThrow(/genesis\.json: says of no founder where its node is reached/)

    saveGenesis(file, { genesis, signatures: [signGenesis(genesis, keys)] }, addresses)
    joinLater()
    expect(readFileSync(join(clinic, 'genesis.json'))).toEqual(readFileSync(file))
    const { p2p } = loadConfig(join(clinic, 'assent.json'))
    expect(p2p.bootstrap).toEqual([{ transportKey: keys.transport.publicKey, addresses: [OPTIONS.listen] }])
  })

  it('is left without keys when the configuration is wrong', () => {
    expect(() => initInstitution(folder, { ...OPTIONS, rpcPort: 99_999 })).toThrow(ConfigError)
    expect(existsSync(join(folder, 'keys.json'))).toBe(false)
  })
})
