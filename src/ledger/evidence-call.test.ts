// Proofs that validators lied, recorded on the chain: what is proven enters, what is not is refused by everybody alike.

import { beforeAll, describe, expect, it } from 'vitest'
import { createE3 } from '../consensus/evidence/e3.ts'
import { type Evidence, encodeEvidence, evidenceHash } from '../consensus/evidence/evidence.ts'
import type { VoteBy } from '../consensus/evidence/statements.ts'
import type { Epoch, Height, Seat, Term } from '../types/brand.ts'
import { ZERO_HASH } from '../types/brand.ts'
import type { Value } from '../types/canonical-value.ts'
import type { CallReceipt } from '../types/receipt.ts'
import { voteMessage } from '../types/signing.ts'
import type { Call } from '../types/transaction.ts'
import { chainId, createLedger, GENESIS_TIME_MS, idOf, signerNamed, transaction } from './consortium.fixture.ts'
import { EVIDENCE_GAS, evidenceCall } from './evidence-call.ts'
import type { Ledger } from './ledger.ts'

const LIAR = 1 as Seat

function vote(candidate: number, key = 'Beta, consensus'): VoteBy {
  const tip = { term: 0 as Term, height: 0 as Height, hash: ZERO_HASH }
  const vote = {
    chainId,
    epoch: 0 as Epoch,
    term: 7 as Term,
    candidate: candidate as Seat,
    tip,
    releasesHash: ZERO_HASH,
  }
  return { member: LIAR, vote, signature: signerNamed(key).sign(voteMessage(vote)) }
}

const proof: Evidence = createE3(vote(2), vote(3))
const forged: Evidence = createE3(vote(2), vote(3, 'Gamma, consensus'))
const call = evidenceCall(proof, [LIAR])

describe('evidence.record', () => {
  let ledger: Ledger

  beforeAll(async () => {
    ledger = (await createLedger()).ledger
  })

  const record = (calls: readonly Call[], gasLimit = 50_000_000): readonly CallReceipt[] => {
    const transactions = [transaction(calls, { gasLimit })]
    const timeMs = GENESIS_TIME_MS + 1_000
    const execution = ledger.execute({ parentHash: ledger.head.hash, epoch: 0 as Epoch, timeMs, transactions })
    if (!execution.ok) throw new Error(execution.refusal.message)
    return execution.executed.receipts[0]?.calls ?? []
  }
  const changed = (at: number, value: Value): Call => ({ ...call, args: call.args.with(at, value) })

  it('records who is proven to have lied, of what, and who reported it', () => {
    const [receipt] = record([call])
    expect(receipt).toMatchObject({ status: 'ok', value: 0 })
    expect(receipt?.gas).toBeGreaterThan(EVIDENCE_GAS)
    expect(receipt?.events).toMatchObject([
      {
        name: 'Recorded',
        fields: {
          evidence: Uint8Array.fromHex(evidenceHash(proof)),
          kind: 3,
          term: 7,
          accused: [LIAR],
          reporter: Uint8Array.fromHex(idOf('Alpha')),
        },
      },
    ])
  })

  it('takes one proof once', () => {
    expect(record([call, call]).map(({ code }) => code)).toEqual(['OK', 'ALREADY_RECORDED'])
  })

  it('refuses what does not hold: a forged statement, other accused, another kind, term or hash, other bytes', () => {
    const words = call.args[5] as readonly Uint8Array[]
    const accusations = [
      evidenceCall(forged, [LIAR]),
      evidenceCall(proof, [2 as Seat]),
      evidenceCall(proof, [LIAR, 2 as Seat]),
      evidenceCall(proof, []),
      changed(0, new Uint8Array(32)),
      changed(1, 2),
      changed(2, 8),
      changed(4, encodeEvidence(proof).length - 1),
      changed(4, 32 * words.length + 1),
      changed(5, words.slice(1)),
      changed(5, words.with(0, new Uint8Array(32))),
      changed(5, 'nonsense'),
    ]
    const receipts = record(accusations, 200_000_000)
    expect(receipts.map(({ code }) => code)).toEqual(accusations.map(() => 'FALSE_EVIDENCE'))
    expect(receipts.map(({ gas }) => gas)).toEqual(accusations.map(() => EVIDENCE_GAS))
  })

  it('is refused where its price is not paid', () => {
    expect(record([call], EVIDENCE_GAS - 1)).toMatchObject([{ status: 'refused', code: 'OUT_OF_GAS' }])
  })
})
