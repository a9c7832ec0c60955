// Builds a chain again, block by block, from what a store holds, and stops at the first thing that is not right. The
// ledger it builds on is new and holds block 0; certificates and signatures are checked here, execution by the ledger.

import { commitCertFault, leaderCertFault, type Verifier } from '../consensus/certificate.ts'
import { epochCertFault, isOpenedBy } from '../consensus/header-rules.ts'
import { verify } from '../crypto/ed25519.ts'
import type { Block, Header } from '../types/block.ts'
import type { Hash } from '../types/brand.ts'
import type { LeaderCert } from '../types/certificate.ts'
import { headerMessage } from '../types/signing.ts'
import { EMPTY_ROOT } from '../types/transaction-root.ts'
import { memberAt } from '../types/validator-set.ts'
import { BlockStore, STORE_FORMAT } from './block-store.ts'
import type { ChainFault, OnProgress } from './chain-report.ts'
import { LedgerError } from './errors.ts'
import type { Ledger } from './ledger.ts'
import type { KeyValueStore } from './store.ts'

export interface Replay {
  /** Of the head that the store names, where that can be read. */
  readonly claimedHeight: number
  readonly fault: ChainFault | undefined
}

/** Blocks between two certificates; consensus keeps far fewer in flight. */
const RUN_MAX = 1_024

export async function replayChain(
  stored: Pick<KeyValueStore, 'get' | 'range'>,
  { ledger, onProgress }: { readonly ledger: Ledger; readonly onProgress: OnProgress | undefined },
): Promise<Replay> {
  const blocks = new BlockStore(stored)
  let height = 0
  let claimedHeight = 0
  try {
    checkIdentity(blocks, ledger.chainId)
    claimedHeight = blocks.head()?.height ?? wrong('the head of the chain is missing')
    checkBlockZero(blocks, ledger.genesisBlock)
    let run: Block[] = []
    let previous: Block = ledger.genesisBlock
    for (height = 1; height <= claimedHeight; height++) {
      const block = readBlock(blocks, height)
      checkHeader(block, { previous, verifier: verifierOf(ledger) })
      run.push(block)
      previous = block
      const cert = blocks.commitCert(height)
      if (cert === undefined) {
        if (height === claimedHeight) wrong('the CommitCert of the head is missing')
        if (run.length > RUN_MAX) wrong('no CommitCert for too many blocks')
        continue
      }
      const fault = cert.blockHash === block.hash ? commitCertFault(cert, verifierOf(ledger)) : 'is on another block'
      if (fault !== null) wrong(`the CommitCert is not valid: ${fault}`)
      const leaderCerts = leaderCertsOf(run, { blocks, ledger })
      const result = await ledger.applyCertified({ blocks: run, leaderCerts, cert })
      if (!result.ok) {
        height = result.height
        wrong(result.refusal.message)
      }
      run = []
      onProgress?.({ height, headHeight: claimedHeight })
    }
    return { claimedHeight, fault: undefined }
  } catch (error) {
    return { claimedHeight, fault: { height, what: whatIsWrong(error) } }
  }
}

/** In words. Throws what says nothing about the chain. */
export function whatIsWrong(error: unknown): string {
  if (error instanceof Wrong) return error.message
  if (error instanceof LedgerError && error.code === 'DATA_CORRUPT') return error.message.split(';')[0] ?? error.message
  throw error
}

class Wrong extends Error {}

export function wrong(what: string): never {
  throw new Wrong(what)
}

export function checkIdentity(blocks: BlockStore, chainId: Hash): void {
  const format = blocks.format()
  if (format !== undefined && format !== STORE_FORMAT) wrong('the format of the data folder is unknown')
  if (format === undefined) wrong('the format of the data folder is missing')
  if (blocks.chainId() !== chainId) wrong('the data folder belongs to another chain than this genesis')
}

export function checkBlockZero(blocks: BlockStore, expected: Block): void {
  if (blocks.hashAt(0) !== expected.hash) wrong('block 0 is not that of the genesis')
}

export function readBlock(blocks: BlockStore, height: number): Block {
  const hash = blocks.hashAt(height) ?? wrong('the index of blocks by height has no entry')
  const block = blocks.block({ height, hash }) ?? wrong('the block is missing')
  if (block.hash !== hash) wrong('the header does not have the hash under which it is stored')
  return block
}

export function checkHeader(block: Block, on: { previous: Pick<Block, 'hash' | 'header'>; verifier: Verifier }): void {
  const { previous, verifier } = on
  const { header, signature } = block
  if (header.chainId !== verifier.chainId) wrong('chainId: is not that of this chain')
  if (header.height !== previous.header.height + 1) wrong('height: does not follow the parent')
  if (header.parentHash !== previous.hash) wrong('parentHash: does not name the block before')
  if (header.term < previous.header.term) wrong("term: below the parent's")
  if (header.term === previous.header.term) {
    if (header.leaderCertHash !== previous.header.leaderCertHash) wrong('leaderCertHash: changes within a term')
    if (header.proposer !== previous.header.proposer) wrong('proposer: changes within a term')
    if (header.txRoot === EMPTY_ROOT) wrong('txRoot: of an empty block that is not the first of its term')
  }
  const set = verifier.setOf(header.epoch) ?? wrong('epoch: no certified block has begun it')
  if (!isOpenedBy(block, { parent: previous.header })) wrong('the certificate of the epoch is not that of the header')
  const epochFault = epochCertFault(block, verifier)
  if (epochFault !== null) wrong(`the certificate of the epoch is not valid: ${epochFault}`)
  const proposer = memberAt(set, header.proposer) ?? wrong('proposer: is not in the validator set')
  if (!verify(Uint8Array.fromHex(proposer.consensusKey), headerMessage(header), signature)) {
    wrong('the header is not signed by its proposer')
  }
}

/** LeaderCerts of the terms that begin in this run, checked. */
function leaderCertsOf(run: readonly Block[], at: { blocks: BlockStore; ledger: Ledger }): readonly LeaderCert[] {
  let parent: { hash: Hash; header: Header } = at.ledger.head
  const certs: LeaderCert[] = []
  for (const block of run) {
    if (block.header.term !== parent.header.term) certs.push(leaderCertOf(block, { ...at, parent }))
    parent = block
  }
  return certs
}

function leaderCertOf(
  { header }: Block,
  { blocks, ledger, parent }: { blocks: BlockStore; ledger: Ledger; parent: { hash: Hash; header: Header } },
): LeaderCert {
  const which = `the LeaderCert of term ${header.term}`
  const cert = blocks.leaderCert(header.leaderCertHash) ?? wrong(`${which} is missing`)
  const fault = leaderCertFault(cert, verifierOf(ledger))
  if (fault !== null) wrong(`${which} is not valid: ${fault}`)
  if (cert.term !== header.term || cert.candidate !== header.proposer) wrong(`${which} is for another term or leader`)
  if (cert.epoch !== header.epoch && cert.epoch !== parent.header.epoch) wrong(`${which} is of another epoch`)
  if (cert.tip.hash !== parent.hash) wrong(`${which} was given for another tip than the parent`)
  return cert
}

export function verifierOf(ledger: Ledger): Verifier {
  return {
    chainId: ledger.chainId,
    setOf: (epoch) => ledger.setOf(epoch),
    verify: (publicKey, message, signature) => verify(Uint8Array.fromHex(publicKey), message, signature),
  }
}
