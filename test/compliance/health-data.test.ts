// No health data on the chain or in a log: the scenario runs once on the sample FHIR data beside the repository (on
// generated data where there is none), then everything that its five stopped nodes left on disk is searched for everything
// that the data says about people. The same run shows what the scenario does with that data.

import { appendFileSync, cpSync, readdirSync, rmSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sha256 } from '../../src/crypto/hash.ts'
import { MEMBERS, openDevnet } from '../../src/devnet/layout.ts'
import { blockKey, receiptsKey, SPACE } from '../../src/ledger/keys.ts'
import type { Ledger } from '../../src/ledger/ledger.ts'
import { openLevelStore } from '../../src/ledger/level-store.ts'
import { openLedger } from '../../src/ledger/open-ledger.ts'
import { compileBuiltInContracts } from '../../src/node/built-in-contracts.ts'
import type { Block } from '../../src/types/block.ts'
import type { Height } from '../../src/types/brand.ts'
import { bytes, list, toBytes } from '../../src/types/canonical.ts'
import { encodeValue, type Value } from '../../src/types/canonical-value.ts'
import type { Genesis } from '../../src/types/genesis.ts'
import { type Receipt, receiptCodec } from '../../src/types/receipt.ts'
import { encodeBlock, signTransaction } from '../../src/types/signing.ts'
import { DEMO_TIMEOUT_MS, type DemoRun, runDemoCommand, SAMPLE_FHIR } from '../support/demo-command.ts'
import { logPieces, readFolder } from './file-pieces.ts'
import { type NodeHaystack, readNode, readResources } from './health-data-scan.ts'
import { Matcher } from './matcher.ts'
import { collectNeedles, type Needle, type NeedleKind } from './needles.ts'
import { onChainVocabulary, wordsOfGenesis } from './words-of-the-product.ts'

let run: DemoRun
let genesis: Genesis
let needles: readonly Needle[]
let matcher: Matcher

beforeAll(async () => {
  run = await runDemoCommand({ fhir: SAMPLE_FHIR })
  genesis = openDevnet(run.devnet).genesis.genesis
  const vocabulary = onChainVocabulary().union(wordsOfGenesis(genesis))
  needles = collectNeedles(readResources(SAMPLE_FHIR ?? join(run.devnet, 'fhir')), { vocabulary })
  matcher = new Matcher(needles)
}, DEMO_TIMEOUT_MS)
afterAll(() => {
  if (run !== undefined) rmSync(run.temporary, { recursive: true, force: true })
})

const isMemberFile = (path: string): boolean => MEMBERS.some(({ name }) => path.startsWith(`${name}/`))

describe('health data', () => {
  it('is looked for in earnest: every kind of needle, none of them a word of the chain', () => {
    const kinds = new Set(needles.map(({ kind }) => kind))
    const expected: NeedleKind[] = ['name', 'identifier', 'telecom', 'address', 'date', 'freeText', 'code', 'number']
    expect([...kinds]).toEqual(expect.arrayContaining([...expected, 'resourceId']))
    expect(needles.length).toBeGreaterThan(SAMPLE_FHIR === null ? 300 : 3_000)
    for (const word of ['psy', 'eth', 'hiv', '59284-0']) expect(onChainVocabulary()).not.toContain(word)
  })

  it.each(MEMBERS.map(({ name }) => name))(
    'stands nowhere on the chain, in the databases and in the logs of %s',
    async (name) => {
      const node = await readNode(join(run.devnet, name), { genesis, name })
      expect(node.height).toBeGreaterThan(50)
      for (const many of [node.transactions, node.events, node.stateEntries]) expect(many).toBeGreaterThan(100)
      expect(node.pieces.filter(({ where }) => where.endsWith('node.log')).length).toBeGreaterThan(50)
      expect(matcher.scan(node.pieces)).toEqual([])
    },
  )

  it('stands nowhere else in the folder', () => {
    const skip = (path: string): boolean => path.startsWith('fhir/') || isMemberFile(path)
    expect(matcher.scan(readFolder(run.devnet, { name: 'devnet', skip }))).toEqual([])
  })

  it('is not shown on the terminal of whoever started the run, except for the names of the consents that it imported', () => {
    const names = run.report.imported.consents.map(({ file }) => file)
    const text = names.reduce((rest, name) => rest.replaceAll(name, '').replaceAll(basename(name), ''), run.terminal)
    // The scenario changes a byte of a database file and says where: LevelDB numbers its files with six digits.
    const quiet = text.replaceAll(/byte \d+ of \d{6}\.\w+|\d{6}\.\w+, byte \d+/g, '')
    const found = matcher.scan(logPieces(quiet, 'terminal'))
    // Prose: a short word of it may be the name of somebody, in another sentence.
    expect(found.filter(({ kind, encoding }) => !(kind === 'name' && encoding === 'text'))).toEqual([])
  })

  it('is not in the bytecode of the contracts either, which is what the sources compile to', () => {
    expect(genesis.contracts).toEqual(compileBuiltInContracts())
  })
})

describe('a planted value is found:', () => {
  const planted = (): string => join(run.temporary, 'planted')
  let node: NodeHaystack
  const found = (where: string) => {
    const here = matcher.scan(node.pieces.filter((piece) => piece.where.includes(where)))
    return here.map(({ kind, encoding }) => `${kind} as ${encoding}`)
  }

  beforeAll(async () => {
    cpSync(join(run.devnet, 'hospital-c'), planted(), { recursive: true })
    appendFileSync(
      join(planted(), 'node.log'),
      `${JSON.stringify({ level: 30, name: 'assent', msg: `consent of ${one('name', /family/)} imported` })}\n`,
    )
    appendFileSync(join(planted(), 'output.txt'), `${Buffer.from(one('freeText')).toString('base64')}\n`)
    await plantOnChain(join(planted(), 'data', 'ledger'), genesis)
    node = await readNode(planted(), { genesis, name: 'planted' })
  })

  it('a name in a line of the log', () => expect(found('node.log')).toContain('name as text'))
  it('a diagnosis in base64 in what a node printed', () => expect(found('output.txt')).toContain('freeText as base64'))
  it('a medical record number in an event', () =>
    expect(found('event consent.Planted')).toContain('identifier as text'))
  it('a phone number in hex in the state', () => expect(found('state consent.planted')).toContain('telecom as hex'))
  it('a number as an integer in the state', () => expect(found('state consent.planted')).toContain('number as number'))
  it('the hash of an identifier in a block', () => expect(found('consent.plant')).toContain('identifier as sha256'))
  it('a birth date as a key of the state', () => expect(found('state consent.planted')).toContain('date as utf8'))
  it('each of them among the raw rows of the store, too', () => {
    expect(found('planted, store s')).toEqual(expect.arrayContaining(['telecom as hex', 'date as utf8']))
    expect(found('planted, store r')).toContain('identifier as utf8')
    expect(found('planted, store b')).toContain('identifier as sha256')
  })
  it('nothing else is', () => {
    const places = matcher.scan(node.pieces).map(({ where }) => where)
    const expected = /node\.log$|output\.txt$|consent\.plant|Planted|planted, store [srb]|planted\/data\/ledger\//
    expect(places.filter((where) => !expected.test(where))).toEqual([])
  })
})

describe('the scenario', () => {
  it('holds on this data, every check of it', () => {
    expect(run.report.checks.filter(({ ok }) => !ok)).toEqual([])
    expect(run.report.checks.length).toBeGreaterThanOrEqual(20)
    expect(run.exitCode).toBe(0)
  })

  it.runIf(SAMPLE_FHIR !== null)(
    'reports each consent: where the custodian labels its records, all of them are registered',
    () => {
      const { patients, consents } = run.report.imported
      expect(patients).toBe(10)
      const sources = readdirSync(join(SAMPLE_FHIR as string, 'consent'))
      expect(consents.map(({ file }) => basename(file))).toEqual(
        sources.filter((name) => name.endsWith('.json')).sort(),
      )
      expect(consents.filter(({ outcome }) => outcome !== 'registered')).toEqual([])
    },
  )
})

/** The first value of this kind that is found in every encoding, whatever the data. */
function one(kind: NeedleKind, element = /./): string {
  const found = needles.find((each) => each.kind === kind && element.test(each.element) && each.value.length >= 6)
  if (found === undefined) throw new Error(`no ${kind} in the data`)
  return found.value
}

async function plantOnChain(folder: string, of: Genesis): Promise<void> {
  const store = await openLevelStore(folder)
  const ledger = await openLedger({ store, genesis: of })
  const { block, receipts: before } = lastFilled(ledger)
  const { height } = block.header
  const [first, ...others] = before
  if (first === undefined) throw new Error('no receipt')

  const [call, ...calls] = first.calls
  const event = { contract: 'consent', name: 'Planted', fields: { note: `MRN ${one('identifier')}` } }
  if (call === undefined) throw new Error('no call')
  const receipts = [{ ...first, calls: [{ ...call, events: [event] }, ...calls] }, ...others]
  const stateKey = Buffer.from(`${String.fromCharCode(SPACE.state)}consent\0planted\0${one('date', /birthDate/)}`)
  const digits = needles.find(({ kind, value }) => kind === 'number' && /^[1-9]\d{5,14}$/.test(value))
  const state: Value = { contact: Buffer.from(one('telecom')).toString('hex'), number: Number(digits?.value) }
  await store.write(
    [
      { type: 'put', key: receiptsKey(height), value: encodeReceipts(receipts) },
      { type: 'put', key: stateKey, value: encodeValue(state) },
      { type: 'put', key: blockKey(height, block.hash), value: encodeBlock(withPlantedCall(block)) },
    ],
    { sync: true },
  )
  await ledger.close()
}

/** The newest block that holds a transaction. */
function lastFilled(ledger: Ledger): { block: Block; receipts: readonly Receipt[] } {
  for (let height = ledger.head.header.height; height > 0; height--) {
    const block = ledger.block(height as Height)
    const receipts = ledger.receipts(height as Height)
    if (block && receipts && block.transactions.length > 0) return { block, receipts }
  }
  throw new Error('no block holds a transaction')
}

function withPlantedCall(block: Block): Block {
  const [first, ...others] = block.transactions
  if (first === undefined) throw new Error('no transaction')
  const digest = sha256(new TextEncoder().encode(one('identifier')))
  const calls = [{ contract: 'consent', method: 'plant', args: [digest] }]
  return {
    ...block,
    transactions: [signTransaction({ ...first.transaction, calls }, () => first.signature), ...others],
  }
}

const encodeReceipts = (receipts: readonly Receipt[]): Uint8Array =>
  toBytes(
    list(bytes(2 ** 30), 2 ** 16),
    receipts.map((receipt) => toBytes(receiptCodec, receipt)),
  )
