// What a validator's own ledger says about what it has signed. Looked at once, at start: a sign-state that does not cover
// it was put beside a newer ledger. spec/consensus.md, section 5.

import type { Verifier } from '../consensus/certificate.ts'
import { coverOwnBlocks } from '../consensus/cover-own-blocks.ts'
import { ackIn, type SignedStatement, statementsBeyond, voteIn } from '../consensus/own-statements.ts'
import type { SignState } from '../consensus/sign-state.ts'
import { compareTips } from '../consensus/tip.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { Height, Seat } from '../types/brand.ts'

/** Certified blocks that are looked at. What is certified further down cannot be contradicted by anybody who holds it. */
const BLOCKS_MAX = 4_096

export interface OwnChain {
  readonly ledger: Pick<Ledger, 'head' | 'restored' | 'block' | 'commitCert' | 'leaderCertByHash'>
  readonly seat: Seat
  readonly verifier: Verifier
  /** No other validator has ever heard of this one's statements. */
  readonly isAlone: boolean
}

export type Coverage =
  | { readonly kind: 'covered'; readonly signState: SignState }
  | { readonly kind: 'beyond'; readonly what: string }

/** The sign-state with what a crash may have left out of it; or what shows that it is older than the ledger. */
export function coverageOf(signState: SignState, { ledger, seat, verifier, isAlone }: OwnChain): Coverage {
  const statements = [...certifiedStatements(signState, { ledger, seat }), ...votesKept({ ledger, seat, isAlone })]
  const [proof] = statementsBeyond(signState, { seat, statements, verifier })
  if (proof !== undefined)
    return {
      kind: 'beyond',
      what: `the own ledger holds ${proof.kind === 'ack' ? 'an' : 'a'} ${proof.kind} of this validator`,
    }
  const covered = coverOwnBlocks(signState, { seat, uncommitted: ledger.restored.uncommitted, isAlone })
  return covered === null
    ? { kind: 'beyond', what: 'the own ledger holds blocks of this validator' }
    : { kind: 'covered', signState: covered }
}

/** In the certified chain from the head down to what the sign-state's last ack is ahead of. */
function* certifiedStatements(
  { lastAck }: SignState,
  { ledger, seat }: Pick<OwnChain, 'ledger' | 'seat'>,
): Generator<SignedStatement> {
  const head = ledger.head.header.height
  for (let height = head; height > Math.max(0, head - BLOCKS_MAX); height--) {
    const block = ledger.block(height as Height)
    if (block === undefined || (lastAck !== null && compareTips(block.header, lastAck) < 0)) return
    const { header, signature } = block
    if (header.proposer === seat) yield { kind: 'header', header, signature }
    const commitCert = ledger.commitCert(header.height)
    if (commitCert !== undefined) yield* ackIn(commitCert, seat)
    const leaderCert = ledger.leaderCertByHash(header.leaderCertHash)
    if (leaderCert !== undefined && leaderCert.term > (lastAck?.term ?? 0)) yield* voteIn(leaderCert, seat)
  }
}

/** LeaderCerts of the head's term and later. A single validator's own stands on its disk before its sign-state. */
function votesKept({ ledger, seat, isAlone }: Pick<OwnChain, 'ledger' | 'seat' | 'isAlone'>): SignedStatement[] {
  return isAlone ? [] : ledger.restored.leaderCerts.flatMap((certificate) => voteIn(certificate, seat))
}
