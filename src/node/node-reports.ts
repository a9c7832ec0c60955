// What every node of the consortium last said of itself (status gossip): an operator looks here before a validator comes or
// goes, or the protocol version rises. Nobody's word on it decides anything.

import type { Ledger } from '../ledger/ledger.ts'
import type { Height, IdentityId, PublicKey } from '../types/brand.ts'
import type { Clock } from './clock.ts'
import type { Membership } from './membership.ts'

/** Whoever was silent for longer may be down, or run something else, by now. */
const SILENT_MS = 15_000

export interface NodeReport {
  readonly institution: IdentityId
  /** The consensus key that lies on the node, in the present set or not; null on an observer. */
  readonly consensusKey: PublicKey | null
  /** It signs what the others propose. */
  readonly signs: boolean
  /** Of its certified head. */
  readonly height: Height
  /** Protocol versions that its program supports. */
  readonly versions: readonly number[]
}

export interface HeardReport {
  readonly atMs: number
  readonly report: NodeReport
}

export interface AnnouncedVersions {
  readonly institution: IdentityId
  /** Null: not heard lately. */
  readonly versions: readonly number[] | null
}

export interface NodeReportsParts {
  readonly ledger: Pick<Ledger, 'validators'>
  readonly membership: Pick<Membership, 'institutionOf'>
  readonly clock: Clock
}

export class NodeReports {
  readonly #parts: NodeReportsParts
  /** By transport key: an institution may run several nodes. Members only, so there are not many. */
  readonly #heard = new Map<PublicKey, HeardReport>()

  constructor(parts: NodeReportsParts) {
    this.#parts = parts
  }

  heard(transportKey: PublicKey, report: NodeReport): void {
    this.#heard.set(transportKey, { atMs: this.#parts.clock.nowMs(), report })
  }

  /** Of the nodes heard lately that are members still, this one among them. */
  latest(): readonly NodeReport[] {
    const sinceMs = this.#parts.clock.nowMs() - SILENT_MS
    return this.#ofMembers()
      .filter(({ atMs }) => atMs >= sinceMs)
      .map(({ report }) => report)
  }

  /** Of the node that holds this consensus key, however long ago it was heard. */
  lastOf(consensusKey: PublicKey): HeardReport | null {
    const heard = this.#ofMembers().filter(({ report }) => report.consensusKey === consensusKey)
    return heard.sort((left, right) => right.atMs - left.atMs)[0] ?? null
  }

  #ofMembers(): HeardReport[] {
    for (const transportKey of this.#heard.keys()) {
      if (this.#parts.membership.institutionOf(transportKey) === null) this.#heard.delete(transportKey)
    }
    return [...this.#heard.values()]
  }

  /** Of every present validator, in the order of the set. spec/ledger.md, "Versions". */
  announced(): readonly AnnouncedVersions[] {
    const latest = this.latest()
    return this.#parts.ledger.validators.members.map(({ institution, consensusKey }) => {
      const report = latest.find((each) => each.consensusKey === consensusKey)
      return { institution, versions: report?.versions ?? null }
    })
  }
}
