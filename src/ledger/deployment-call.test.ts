// Other contracts on a running chain: uploaded, proposed, voted for, in force from their height on, and what is refused.

import { beforeEach, describe, expect, it } from 'vitest'
import { loadContracts } from '../contracts/execute.ts'
import { type CompiledModule, compile } from '../contracts/lang/compile.ts'
import type { Source } from '../contracts/lang/diagnostics.ts'
import type { Value } from '../types/canonical-value.ts'
import { contractToValue, type DeployedContract, partsOf } from '../types/deployment.ts'
import type { Genesis } from '../types/genesis.ts'
import type { CallReceipt } from '../types/receipt.ts'
import { chainIdOf } from '../types/signing.ts'
import type { Call } from '../types/transaction.ts'
import { bytesOf, call, createGenesis, NOTES, Proposer, sourceOf, transaction } from './consortium.fixture.ts'
import { deployedByGenesis } from './contracts-in-force.ts'
import type { Ledger } from './ledger.ts'
import { MemoryStore } from './memory-store.ts'
import { openLedger } from './open-ledger.ts'

const BELOW: readonly Source[] = ['policy', 'registry', 'validators', 'deployments', 'governance'].map(sourceOf)
const EXTRA = `contract extra version 1

uses notes

view twice(owner: id, note: id) returns int {
  return 2 * notes.count(owner, note)
}
`
const notesOf = (version: number, change: (text: string) => string = (text) => text): Source => ({
  name: 'notes',
  text: change(NOTES.replace('version 1', `version ${version}`)),
})
const byTens = notesOf(2, (text) => text.replace('old.count + 1', 'old.count + 10'))

interface Code {
  readonly contract: DeployedContract
  readonly bytes: Uint8Array
}

/** The first contracts are always the same: compiled anew, they have the same bytes. */
function codeOf(...sources: readonly Source[]): readonly Code[] {
  const modules = compile([...BELOW, ...sources])
  const contracts = modules.map(({ name, bytes }) => ({ name, module: bytes }))
  return deployedByGenesis({ contracts }, loadContracts(modules)).map((contract, i) => ({
    contract,
    bytes: (modules[i] as CompiledModule).bytes,
  }))
}

const genesis: Genesis = createGenesis({
  contracts: codeOf(notesOf(1)).map(({ contract, bytes }) => ({ name: contract.name, module: bytes })),
})

describe('governance.proposeContracts', () => {
  let store: MemoryStore
  let ledger: Ledger
  let proposer: Proposer

  beforeEach(async () => {
    store = new MemoryStore()
    ledger = await openLedger({ store, genesis })
    proposer = new Proposer(ledger)
  })

  async function run(calls: readonly Call[], by = 'Alpha', gasLimit = 200_000_000): Promise<readonly CallReceipt[]> {
    const signed = transaction(calls, { by, chainId: chainIdOf(genesis), gasLimit })
    await proposer.commit([signed])
    return ledger.receipt(signed.id)?.calls ?? []
  }

  const upload = (code: readonly Code[]) =>
    run(
      code
        .flatMap(({ bytes }) => partsOf(bytes))
        .map(({ words }) => ({ contract: 'deployments', method: 'upload', args: [words] })),
    )

  const proposal = (code: readonly Code[], { after = 1, fromHeight = 6 } = {}): Call => ({
    contract: 'governance',
    method: 'proposeContracts',
    args: [after, fromHeight, code.map(({ contract }) => contractToValue(contract))],
  })

  const codesOf = (receipts: readonly CallReceipt[]) => receipts.map(({ code }) => code)
  const vote = (number: number): Call => ({ contract: 'governance', method: 'vote', args: [number, true] })
  const countOf = (timeMs = ledger.head.header.timeMs): Value | undefined => {
    const count = { contract: 'notes', method: 'count', args: [bytesOf('Alpha'), bytesOf('note')] }
    const outcome = ledger.query(count, { timeMs })
    return outcome.status === 'ok' ? outcome.value : undefined
  }

  async function deploy(code: readonly Code[], fromHeight: number): Promise<void> {
    await upload(code.slice(BELOW.length))
    expect(codesOf(await run([proposal(code, { fromHeight })]))).toEqual(['OK'])
    expect(codesOf(await run([vote(1)], 'Beta'))).toEqual(['OK'])
    expect(codesOf(await run([vote(1)], 'Gamma'))).toEqual(['OK'])
  }

  it('brings other code into force at its height, on the state that there is', async () => {
    await run([call('put', bytesOf('note'))])
    await deploy(codeOf(byTens, { name: 'extra', text: EXTRA }), 7)
    expect(ledger.head.header.height).toBe(5)
    // Height 6: still the old one.
    await run([call('put', bytesOf('note'))])
    expect(countOf()).toBe(2)
    expect(ledger.contracts().map(({ name, abi }) => `${name} ${abi.version}`)).toContain('notes 2')
    await run([call('put', bytesOf('note'))])
    expect(countOf()).toBe(12)
    const twice = { contract: 'extra', method: 'twice', args: [bytesOf('Alpha'), bytesOf('note')] }
    expect(ledger.query(twice, { timeMs: 0 })).toMatchObject({ status: 'ok', value: 24 })
  })

  it('is in force on a node that starts again, whose code is that of the deployment', async () => {
    const code = codeOf(byTens)
    await deploy(code, 5)
    await run([call('put', bytesOf('note'))])
    const again = await openLedger({ store, genesis })
    expect(again.contracts().find(({ name }) => name === 'notes')?.abi.version).toBe(2)
    expect(again.modules().map(({ module }) => module)).toEqual(code.map(({ bytes }) => bytes))
  })

  it('refuses what was not uploaded, does not link, or says another version, name, size or order than it has', async () => {
    const code = codeOf(byTens)
    expect(codesOf(await run([proposal(code)]))).toEqual(['NOT_DEPLOYABLE'])
    await upload(code.slice(BELOW.length))
    const last = code.at(-1) as Code
    const other = (change: Partial<DeployedContract>) =>
      proposal(code.with(-1, { ...last, contract: { ...last.contract, ...change } }))
    for (const wrong of [
      other({ version: 3 }),
      other({ name: 'memos' }),
      other({ size: last.contract.size - 1 }),
      other({ size: last.contract.size + 1 }),
      other({ parts: [] }),
      other({ parts: [...last.contract.parts, ...last.contract.parts] }),
      proposal(code.toReversed()),
      proposal(code.slice(0, -1)),
      proposal(code, { after: 2 }),
      { ...proposal(code), args: ['nonsense'] },
      { ...proposal(code), args: [1, 6, [null, 7, 'contract']] },
    ]) {
      expect(codesOf(await run([wrong]))).toEqual(['NOT_DEPLOYABLE'])
    }
    expect(codesOf(await run([proposal(code, { fromHeight: 1_000 })]))).toEqual(['OK'])
  })

  it('refuses code that cannot take the place of the old: other state, a call gone, the same version', async () => {
    for (const wrong of [
      notesOf(1, (text) => text.replace('old.count + 1', 'old.count + 10')),
      notesOf(2, (text) =>
        text
          .replace('state notes: map<(owner: id, note: id), Note>', 'state notes: map<(owner: id, note: hash), Note>')
          .replaceAll('notes[sender, note]', 'notes[sender, asHash(note)]')
          .replaceAll('notes[owner, note]', 'notes[owner, asHash(note)]'),
      ),
      notesOf(2, (text) => text.replace('view count', 'view amount')),
    ]) {
      const code = codeOf(wrong)
      await upload(code.slice(BELOW.length))
      expect(codesOf(await run([proposal(code)]))).toEqual(['NOT_DEPLOYABLE'])
    }
  })

  it('is decided on once at a time, and on what the voters saw', async () => {
    const code = codeOf(byTens)
    await deploy(code, 20)
    expect(codesOf(await run([proposal(code, { after: 2, fromHeight: 30 })]))).toEqual(['DEPLOYMENT_PENDING'])
    expect(codesOf(await run([proposal(code, { after: 1, fromHeight: 30 })]))).toEqual(['STALE_DEPLOYMENT'])
  })

  it('has its price, whatever comes of it', async () => {
    expect(codesOf(await run([proposal([])], 'Alpha', 149_999_999))).toEqual(['OUT_OF_GAS'])
    expect(await run([proposal([])])).toMatchObject([{ code: 'NOT_DEPLOYABLE', gas: 150_000_000 }])
  })
})
