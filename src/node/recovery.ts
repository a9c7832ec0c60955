// Disaster recovery: the genesis of a chain that goes on from one which lost too many validators for good. What survivors
// bring: their ledgers, their heads, their institutions' signing keys. spec/ledger.md, "Recovery".

import { commitCertFault, type Verifier } from '../consensus/certificate.ts'
import { verify } from '../crypto/ed25519.ts'
import { recoveredStateRoot } from '../ledger/carry-over.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { KeyValueStore } from '../ledger/store.ts'
import { assert } from '../types/assert.ts'
import type { Header } from '../types/block.ts'
import type { Epoch, Height, IdentityId, PublicKey } from '../types/brand.ts'
import { toBytes } from '../types/canonical.ts'
import type { CommitCert } from '../types/certificate.ts'
import { type Founder, type Genesis, genesisCodec, type PastChain, type Predecessor } from '../types/genesis.ts'
import { blockHash } from '../types/signing.ts'
import { defaultLiars, type ValidatorSet } from '../types/validator-set.ts'
import { idValue, queryView } from './query.ts'
import { RecoveryError } from './recovery-error.ts'

/** A certified head that somebody shows. */
export interface ShownHead {
  /** File or folder, for people. */
  readonly from: string
  readonly header: Header
  readonly commitCert: CommitCert
}

export interface SurvivingLedger {
  readonly from: string
  readonly ledger: Ledger
  readonly store: KeyValueStore
}

const wrong = (message: string): never => {
  throw new RecoveryError(message)
}

/** The ledger with the highest certified head among all that was brought. Throws RecoveryError on a fork, or when it is not here. */
export function lastOf(ledgers: readonly SurvivingLedger[], heads: readonly ShownHead[]): SurvivingLedger {
  const [last] = ledgers.toSorted((a, b) => b.ledger.head.header.height - a.ledger.head.header.height)
  if (last === undefined) throw new RecoveryError('a ledger of a survivor is needed')
  const { ledger } = last
  const { header, commitCert } = ledger.head
  if (commitCert === null) throw new RecoveryError(`${last.from}: the chain has no block that could be gone on from`)
  const own = headsOf(ledgers)
  for (const shown of [...own, ...heads]) {
    const fault = commitCertFault(shown.commitCert, verifierOf(ledger))
    const isOfHeader =
      shown.commitCert.blockHash === blockHash(shown.header) && shown.commitCert.height === shown.header.height
    if (fault !== null || !isOfHeader) wrong(`${shown.from}: its CommitCert is not valid: ${fault ?? 'another block'}`)
    if (shown.header.height > header.height) {
      wrong(
        `${shown.from}: is certified at height ${shown.header.height}, above every ledger given (${header.height}); bring that ledger`,
      )
    }
    if (ledger.header(shown.header.height) === undefined) continue
    const onChain = ledger.header(shown.header.height)
    if (onChain !== undefined && blockHash(onChain) !== blockHash(shown.header)) {
      wrong(
        `${shown.from} and ${last.from} hold different certified blocks at height ${shown.header.height} (${blockHash(shown.header).slice(0, 16)}, ${blockHash(onChain).slice(0, 16)}): the chain was forked. Keep both: their certificates convict the validators that signed both`,
      )
    }
  }
  return last
}

function headsOf(ledgers: readonly SurvivingLedger[]): readonly ShownHead[] {
  return ledgers.flatMap(({ from, ledger: { head } }) =>
    head.commitCert === null ? [] : [{ from, header: head.header, commitCert: head.commitCert }],
  )
}

export function verifierOf(ledger: Ledger): Verifier {
  return {
    chainId: ledger.chainId,
    setOf: (epoch) => ledger.setOf(epoch),
    verify: (key, message, signature) => verify(Uint8Array.fromHex(key), message, signature),
  }
}

/** The genesis that goes on from the head of `last`, unsigned. */
export function buildRecovery(options: {
  readonly last: SurvivingLedger
  /** Institutions that sign and go on; those of them with a seat are its validators. */
  readonly surviving: readonly IdentityId[]
  readonly acceptsMinority: boolean
  readonly b?: number
  readonly nowMs: number
}): Genesis {
  const { last, surviving, acceptsMinority, nowMs } = options
  const { ledger, store } = last
  const { header, hash, commitCert } = ledger.head
  assert(commitCert !== null, 'a head above genesis has its certificate')
  const newest = newestSet(ledger)
  const members = newest.members.filter(({ institution }) => surviving.includes(institution))
  if (members.length === 0) wrong('surviving: none of these institutions is a validator; expected at least one')
  const b = options.b ?? Math.min(newest.b, defaultLiars(members.length))
  const validators: ValidatorSet = { epoch: (newest.epoch + 1) as Epoch, b, members }
  const timeMs = Math.max(nowMs, header.timeMs + 1)
  const own: PastChain = { chainId: ledger.chainId, sets: setsOf(ledger), height: header.height, headHash: hash }
  const draft = { head: header, validators }
  const base = { ...ledger.genesis, contracts: ledger.modules(), timeMs, b, setup: [], predecessor: null }
  const predecessor: Predecessor = {
    ...draft,
    chains: [own, ...(ledger.genesis.predecessor?.chains ?? [])],
    commitCert,
    voters: institutionsOf(ledger).filter((id) => ask(ledger, 'isVoter', id, nowMs) === true),
    acceptsMinority,
    stateRoot: recoveredStateRoot(store, { genesis: base, predecessor: draft }),
  }
  const founders = surviving.map((id) => founderOf(ledger, { id, validators, nowMs }))
  return { ...base, founders, predecessor }
}

/** Decided last, in force or not. */
function newestSet(ledger: Ledger): ValidatorSet {
  return ledger.nextSetOf(ledger.head.hash) ?? ledger.validators
}

function setsOf(ledger: Ledger): readonly ValidatorSet[] {
  const first = ledger.genesis.predecessor?.validators.epoch ?? 0
  const sets: ValidatorSet[] = []
  for (let epoch = first; epoch <= ledger.epoch; epoch++) {
    const set = ledger.setOf(epoch as Epoch)
    assert(set !== undefined, 'the state holds every set')
    const { b, members } = set
    sets.push({ epoch: epoch as Epoch, b, members })
  }
  return sets
}

const ask = (ledger: Ledger, view: string, id: IdentityId, nowMs: number): unknown =>
  queryView(ledger, { contract: 'registry', method: view, args: [idValue(id)] }, nowMs)

function institutionsOf(ledger: Ledger): readonly IdentityId[] {
  const found: IdentityId[] = []
  for (let after: Uint8Array | null = null; ; ) {
    const page = queryView(ledger, { contract: 'registry', method: 'institutions', args: [after] }, 0) as Uint8Array[]
    found.push(...page.map((id) => id.toHex() as IdentityId))
    if (page.length < INSTITUTIONS_PAGE) return found
    after = page.at(-1) as Uint8Array
  }
}
const INSTITUTIONS_PAGE = 256

/** With its keys of today: those of its first founding may have been replaced. */
function founderOf(
  ledger: Ledger,
  { id, validators, nowMs }: { id: IdentityId; validators: ValidatorSet; nowMs: number },
): Founder {
  const entry = ask(ledger, 'institution', id, nowMs) as { kind: Founder['kind']; name: string } | null
  if (entry === null) throw new RecoveryError(`surviving: ${id} is no institution of this chain`)
  const key = (kind: string): PublicKey => {
    const view = { contract: 'registry', method: 'keysOf', args: [idValue(id), kind] }
    const newest = (queryView(ledger, view, nowMs) as { key: Uint8Array }[]).at(-1)
    if (newest === undefined) throw new RecoveryError(`surviving: ${entry.name} has no ${kind} key that is in force`)
    return newest.key.toHex() as PublicKey
  }
  const seat = validators.members.find(({ institution }) => institution === id)
  return {
    institution: id,
    kind: entry.kind,
    name: entry.name,
    signingKey: key('signing'),
    encryptionKey: key('encryption'),
    transportKey: key('transport'),
    consensusKey: seat?.consensusKey ?? null,
  }
}

/** Why this survivor must not sign this genesis, by what its own ledger says; null where it agrees. */
export function disagreement(genesis: Genesis, { ledger, store }: SurvivingLedger): string | null {
  const { predecessor } = genesis
  if (!predecessor) return 'the genesis goes on from no chain'
  const { head, chains } = predecessor
  const [chain] = chains
  if (chain?.chainId !== ledger.chainId) return 'the genesis goes on from another chain than this ledger has'
  const own = ledger.head.header
  if (own.height > head.height) {
    return `this ledger has certified blocks up to height ${own.height}; the genesis goes on from ${head.height} and would lose them`
  }
  if (own.height < head.height) {
    return `this ledger ends at height ${own.height}, before height ${head.height} from which the genesis goes on: it cannot check the state`
  }
  if (ledger.head.hash !== chain.headHash)
    return `the genesis goes on from another block of height ${head.height}: a fork`
  const expected = buildRecovery({
    last: { from: 'own', ledger, store },
    surviving: genesis.founders.map(({ institution }) => institution),
    acceptsMinority: predecessor.acceptsMinority,
    b: genesis.b,
    nowMs: genesis.timeMs,
  })
  const field = firstDifference(genesis, {
    ...expected,
    // Any certificate on the block will do; whoever loaded the genesis has checked this one.
    predecessor: expected.predecessor ? { ...expected.predecessor, commitCert: predecessor.commitCert } : null,
  })
  return field === null ? null : `the genesis names another ${field} than this ledger gives`
}

/** The field in which two genesis files part, by their canonical bytes. */
function firstDifference(left: Genesis, right: Genesis): string | null {
  const isSame = (change: Partial<Genesis>): boolean =>
    toBytes(genesisCodec, { ...left, ...change }).toHex() === toBytes(genesisCodec, left).toHex()
  if (isSame(right)) return null
  const { predecessor } = right
  if (left.predecessor && predecessor) {
    for (const field of ['stateRoot', 'voters', 'validators', 'chains', 'head'] as const) {
      if (!isSame({ predecessor: { ...left.predecessor, [field]: predecessor[field] } })) return field
    }
  }
  for (const field of ['founders', 'contracts', 'setup', 'timeMs', 'name'] as const) {
    if (!isSame({ [field]: right[field] })) return field
  }
  return 'predecessor'
}

/** Blocks above the certified head that no certificate was seen for: they end with the chain. */
export function uncertifiedOf({ ledger }: Pick<SurvivingLedger, 'ledger'>): {
  blocks: number
  transactions: number
  to: Height
} {
  const { uncommitted } = ledger.restored
  return {
    blocks: uncommitted.length,
    transactions: uncommitted.reduce((sum, { transactions }) => sum + transactions.length, 0),
    to: ledger.storedHeight,
  }
}
