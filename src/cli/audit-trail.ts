// The audit trail of a patient, whole and in one order: the contract lists decisions, changes of consents and reads of the
// log apart and in pages.

import type { Client } from '../client/client.ts'
import type { ReadRequest } from '../client/signer.ts'
import type { IdentityId } from '../types/brand.ts'
import { type Change, type Decision, type Read, readAnswer, type Trail, trailSchema } from './contract-answers.ts'

/** Entries of one answer (spec/contracts.md, "audit"). */
const PAGE = { decisions: 32, changes: 64, reads: 64 } as const

/** All pages; each is a signed read of its own, and recorded. */
export async function readTrail(
  client: Client,
  { patient, ...read }: ReadRequest & { patient: IdentityId },
): Promise<Trail> {
  const decisions: Decision[] = []
  const changes: Change[] = []
  const reads: Read[] = []
  for (;;) {
    const args = {
      patient,
      afterDecision: decisions.at(-1)?.decision ?? 0,
      afterChange: changes.at(-1)?.number ?? 0,
      afterRead: reads.at(-1)?.number ?? 0,
    }
    const { value } = await client.signedQuery({ contract: 'audit', method: 'trail', args }, read)
    const page = readAnswer(value, { schema: trailSchema, method: 'audit.trail' })
    decisions.push(...page.decisions)
    changes.push(...page.changes)
    reads.push(...page.reads)
    const isFull =
      page.decisions.length >= PAGE.decisions || page.changes.length >= PAGE.changes || page.reads.length >= PAGE.reads
    if (!isFull) return { decisions, changes, reads }
  }
}

export interface Release {
  /** Within its decision, from 1. */
  readonly number: number
  readonly records: readonly IdentityId[]
  readonly at: number
  readonly height: number
}

export type TrailEntry =
  | { readonly kind: 'decision'; readonly at: number; readonly height: number; readonly decision: Decision }
  | {
      readonly kind: 'release'
      readonly at: number
      readonly height: number
      readonly decision: Decision
      readonly release: Release
    }
  | { readonly kind: 'change'; readonly at: number; readonly height: number; readonly change: Change }
  | { readonly kind: 'read'; readonly at: number; readonly height: number; readonly read: Read }

/** By block; within one block in the order in which the contract numbers things. */
export function mergeTrail({ decisions, changes, reads }: Trail): readonly TrailEntry[] {
  const entries: TrailEntry[] = [
    ...changes.map((change) => ({ kind: 'change', at: change.at, height: change.height, change }) as const),
    ...decisions.map((decision) => {
      const { at, height } = decision.terms
      return { kind: 'decision', at, height, decision } as const
    }),
    ...decisions.flatMap((decision) =>
      decision.releases.map((release, i) => {
        const { at, height } = release
        return { kind: 'release', at, height, decision, release: { number: i + 1, ...release } } as const
      }),
    ),
    ...reads.map((read) => ({ kind: 'read', at: read.at, height: read.height, read }) as const),
  ]
  return entries.toSorted((a, b) => a.height - b.height)
}
