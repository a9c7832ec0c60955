// Contracts and reference on one scenario: the same decisions, and the same resources released.

import { deepStrictEqual } from 'node:assert/strict'
import type { Answer } from '../../../src/contracts/builtin/consortium.test-support.ts'
import { type Decision, decide } from '../decide.ts'
import type { Request } from '../model.ts'
import { isReleased } from '../speaks.ts'
import type { ContractsSide, Explained } from './contracts.ts'
import type { Scenario } from './scenario.ts'

/** How often each answer was given: whoever reads it sees what the scenarios reach. */
export class Tally {
  decisions = 0
  resources = 0
  readonly answers = new Map<string, number>()

  count({ outcome, basis, reasons }: Answer): void {
    const answer = `${outcome} ${basis ?? '-'} ${reasons.join(' ')}`
    this.decisions += 1
    this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1)
  }
}

/** Throws where they disagree. */
export function compare(contracts: ContractsSide, { world, requests, resources }: Scenario, tally: Tally): void {
  contracts.within(world, () => {
    const recorded: (readonly [Request, Answer, Decision])[] = []
    for (const request of requests) {
      const answer = contracts.decide(request)
      const decision = decide(world, request)
      deepStrictEqual(shownAnswer(answer), shownDecision(decision, request), 'the decision')
      tally.count(answer)
      const { releasable, filtered, reasons } = contracts.releasable(request.patient, answer)
      const asDecided = {
        releasable: decision.outcome !== 'DENY',
        filtered: decision.filtered,
        reasons: decision.reasons,
      }
      deepStrictEqual({ releasable, filtered, reasons }, asDecided, 'whether it may be released at once')
      recorded.push([request, answer, decision])
      if (answer.outcome === 'DENY' || answer.basis !== 'consent') continue
      for (const resource of resources) {
        const released = isReleased(decision.matching, resource)
        deepStrictEqual(contracts.isReleased(world, answer, resource), released, 'whether the resource is released')
        if (!decision.filtered) deepStrictEqual(released, true, 'an unfiltered permit releases everything')
        tally.resources += 1
      }
    }
    // Nothing is any more as it was, and still every decision is explained as the reference made it.
    contracts.overturn(world)
    for (const [request, answer, decision] of recorded) {
      const { same, again } = contracts.explain(request, answer)
      const { expiresAt, vouchedBy, ...made } = shownDecision(decision, request)
      deepStrictEqual(shownVerdict(again), made, 'the explanation')
      deepStrictEqual(same, true, 'that it is the same')
    }
  })
}

const shownAnswer = ({ vouchedBy, expiresAt, ...answer }: Answer) => ({ ...shownVerdict(answer), vouchedBy, expiresAt })

function shownVerdict({ outcome, basis, reasons, filtered, clauses }: Explained['again']) {
  return { outcome, basis, reasons: [...reasons], filtered, clauses: clauses.map((each) => ({ ...each })) }
}

function shownDecision({ matching, ...decision }: Decision, { submitter, practitioner, institution }: Request) {
  const clauses = matching.map(({ consent, version, number, clause, group }) => ({
    ...{ consent, version, clause: number, type: clause.type },
    ...{ group: group?.id ?? null, groupVersion: group?.version ?? null },
  }))
  return { ...decision, clauses, vouchedBy: practitioner !== null && submitter === institution ? institution : null }
}
