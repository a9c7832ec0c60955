// What became of an erasure, and what stays nevertheless: the report that the patient is given. spec/privacy.md, "Erasure".

import * as z from 'zod'
import type { Client } from '../client/client.ts'
import type { Destroyed } from '../client/institution-client.ts'
import type { ReadRequest } from '../client/signer.ts'
import type { IdentityId } from '../types/brand.ts'
import { readTrail } from './audit-trail.ts'
import { readAnswer, type Trail } from './contract-answers.ts'
import { type Founders, nameOf } from './identities.ts'
import { counted, pairs, table } from './output.ts'
import { timeInWords } from './words.ts'

export const GROUNDS = ['patientWish', 'retentionEnded', 'unlawfulProcessing', 'legalDuty'] as const
export const DUTIES = ['retention', 'legalClaims', 'publicHealth'] as const

/** `erasure.Erasure` */
export const erasureSchema = z.object({
  number: z.int(),
  patient: z.string(),
  institution: z.string(),
  ground: z.enum(GROUNDS),
  askedAt: z.int(),
  declined: z.enum(DUTIES).nullable(),
  erasedAt: z.int().nullable(),
})
export type Erasure = z.output<typeof erasureSchema>

/** What stays, and why. `count` where the reader may see the log. */
export interface Remainder {
  readonly what: string
  readonly count: number | null
  readonly why: string
}

/** At most 64 institutions of one answer; a page is followed by the next. */
const PAGE = 64

export async function erasuresOf(client: Client, patient: IdentityId, read: ReadRequest): Promise<readonly Erasure[]> {
  const all: Erasure[] = []
  for (;;) {
    const args = { patient, after: all.at(-1)?.institution ?? null }
    const { value } = await client.signedQuery({ contract: 'erasure', method: 'ofPatient', args }, read)
    const page = readAnswer(value, { schema: z.array(erasureSchema), method: 'erasure.ofPatient' })
    all.push(...page)
    if (page.length < PAGE) return all
  }
}

/** `read`: of somebody who is entitled to the patient's log. */
export async function remaindersOf(
  client: Client,
  patient: IdentityId,
  read: ReadRequest,
): Promise<readonly Remainder[]> {
  return remainders(await readTrail(client, { patient, ...read }))
}

/** Without the log, what stays is the same; how much, nobody else is told. */
export function remainders(trail: Trail | null): readonly Remainder[] {
  const releases = trail?.decisions.flatMap((decision) => decision.releases)
  return [
    {
      what: 'decisions on requests, with institutions, purposes and times',
      count: trail?.decisions.length ?? null,
      why: 'the log of who asked for what must stay whole; it names random ids, and nobody here knows any more whose',
    },
    {
      what: 'releases, with ids of records and a hash of what was sent',
      count: releases?.length ?? null,
      why: 'proof of what left and to whom; the records, and their keys, are destroyed at their custodian',
    },
    {
      what: 'versions of consents: who, why, when',
      count: trail?.changes.length ?? null,
      why: 'decisions name them; of text, signature and data limits only hashes stand there, whose salts are destroyed',
    },
    {
      what: 'ids and ciphertext hashes of records',
      count: null,
      why: 'they name no patient, and what was hashed can no longer be read',
    },
    {
      what: 'the random id, its public keys, this erasure and its receipts',
      count: null,
      why: 'proof of the erasure; what a restored backup brings back is erased by them again',
    },
    {
      what: 'copies of released records at those who received them',
      count: releases?.reduce((sum, { records }) => sum + records.length, 0) ?? null,
      why: 'they are records of the recipients now, outside this system: ask them (assent audit trail names them)',
    },
  ]
}

export interface ErasureReport {
  readonly patient: string
  readonly erasures: readonly Erasure[]
  /** At the own institution. */
  readonly destroyed: Destroyed | null
  readonly remains: readonly Remainder[]
}

export function reportLines({ erasures, destroyed, remains }: ErasureReport, founders: Founders): readonly string[] {
  const counts = destroyed && [
    counted(destroyed.records, 'record'),
    `${counted(destroyed.consentParts, 'part')} of consents`,
    counted(destroyed.identifiers, 'identifier'),
    counted(destroyed.comments, 'break-glass comment'),
  ]
  return [
    ...(erasures.length === 0 ? [] : erasureTable(erasures, founders)),
    ...(counts === null ? [] : pairs([['destroyed', counts.join(', ')]])),
    '',
    'What stays on the chain, pseudonymous, and why:',
    ...remains.flatMap(({ what, count, why }) => [`  ${count === null ? '' : `${count} `}${what}`, `      ${why}`]),
  ]
}

function erasureTable(erasures: readonly Erasure[], founders: Founders): readonly string[] {
  return table(
    ['institution', 'asked', 'ground', 'state'],
    erasures.map((erasure) => {
      const { institution, askedAt, ground } = erasure
      return [nameOf(institution, founders), timeInWords(askedAt), ground, stateInWords(erasure)]
    }),
  )
}

export function stateInWords({ declined, erasedAt }: Pick<Erasure, 'declined' | 'erasedAt'>): string {
  if (erasedAt !== null) return `erased ${timeInWords(erasedAt)}`
  return declined === null ? 'open' : `declined: ${declined}`
}
