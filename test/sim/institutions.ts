// The institutions behind the nodes: they agree on one change of the validators at a time, and bring it about through the
// contracts, as operators do: whoever has to proposes, the others look at the chain of some node and vote. What got lost or was
// refused they send again, until the change is in force.

import { queryView } from '../../src/node/query.ts'
import { RpcError } from '../../src/rpc/errors.ts'
import type { IdentityId, PublicKey } from '../../src/types/brand.ts'
import type { Value } from '../../src/types/canonical-value.ts'
import { signTransaction } from '../../src/types/signing.ts'
import type { Call } from '../../src/types/transaction.ts'
import { EPOCH_MS } from './clock.ts'
import type { Consortium } from './consortium.ts'
import type { EventQueue } from './event-queue.ts'
import type { Running, SimulatedNode } from './node.ts'
import type { Random } from './random.ts'

const LOOK_MS = 150
/** Then it is sent again. */
const PATIENCE_MS = 2_500
const LIFETIME_MS = 20_000

export type Change =
  | { readonly kind: 'add' | 'replaceKey'; readonly node: SimulatedNode; readonly key: PublicKey }
  | { readonly kind: 'remove'; readonly node: SimulatedNode }
  | { readonly kind: 'setLiars'; readonly b: number }

export interface InstitutionParts {
  readonly queue: EventQueue
  readonly random: Random
  readonly consortium: Consortium
  readonly nodes: readonly SimulatedNode[]
  /** A change is in force somewhere; `what` names its kind. */
  readonly onChange: (what: string, text: string) => void
}

interface Proposal {
  readonly number: number
  readonly change: { readonly kind: string; readonly institution: Uint8Array | null }
}

type Voice = Pick<Consortium['clients'], 'institution' | 'signing'>

export class Institutions {
  readonly #parts: InstitutionParts
  /** What they want, one after the other. */
  readonly #wishes: { readonly change: Change; readonly what: string }[] = []
  /** When something was sent, by what it says: it may still be on its way. */
  #sent = new Map<string, number>()

  constructor(parts: InstitutionParts) {
    this.#parts = parts
  }

  get isBusy(): boolean {
    return this.#wishes.length > 0
  }

  start(): void {
    const { queue, random } = this.#parts
    queue.after(random.around(LOOK_MS), () => {
      this.start()
      if (this.isBusy) this.#look()
    })
  }

  want(what: string, change: Change): void {
    this.#wishes.push({ what, change })
  }

  #look(): void {
    const { nodes, random, onChange } = this.#parts
    const [wish] = this.#wishes
    const open = nodes.filter((node) => node.isHonest && node.running !== null && !node.isPaused)
    const node = open.length === 0 ? null : random.pick(open)
    const running = node?.running
    if (wish === undefined || node === null || !running) return
    if (isInForce(wish.change, running)) {
      onChange(
        wish.what,
        `${wish.what}: ${describe(wish.change)}; in force at ${node.name}, epoch ${running.ledger.epoch}`,
      )
      this.#wishes.shift()
      this.#sent.clear()
    } else this.#pursue(wish.change, { node, running })
  }

  /** One change at a time: nothing is voted on before the last one is in force. */
  #pursue(change: Change, { node, running }: { node: SimulatedNode; running: Running }): void {
    const ask = (contract: string, method: string, args: readonly Value[] = []): Value =>
      queryView(running.ledger, { contract, method, args }, node.clock.nowMs())
    const proposals = ask('governance', 'openProposals') as unknown as readonly Proposal[]
    const isMeant = (proposal: Proposal): boolean => isAbout(change, proposal)
    const meant = proposals.find(isMeant)
    if (meant === undefined) this.#send(running, this.#proposer(change), proposalOf(change))
    else if (ask('validators', 'pending') === null) {
      for (const voice of this.#voices) this.#send(running, voice, voteOn(meant, true))
    }
    // What was sent twice, or came too late.
    for (const other of proposals) {
      if (!isMeant(other)) for (const voice of this.#voices) this.#send(running, voice, voteOn(other, false))
    }
  }

  get #voices(): readonly Voice[] {
    const { consortium } = this.#parts
    return [...consortium.nodes, consortium.clients]
  }

  /** A key is its institution's own word. */
  #proposer(change: Change): Voice {
    const { consortium } = this.#parts
    return change.kind === 'add' || change.kind === 'replaceKey' ? change.node.keys : consortium.clients
  }

  #send({ participant }: Running, { institution, signing }: Voice, call: Call): void {
    const { queue, random, consortium } = this.#parts
    const name = `${institution} ${call.method} ${call.args.map(String).join()}`
    if (queue.nowMs < (this.#sent.get(name) ?? Number.NEGATIVE_INFINITY) + PATIENCE_MS) return
    this.#sent.set(name, queue.nowMs)
    const transaction = {
      version: 1,
      chainId: consortium.chainId,
      sender: institution,
      keyId: 0,
      calls: [call],
      atomic: false,
      gasLimit: 20_000_000,
      expiresAtMs: Math.floor(EPOCH_MS + queue.nowMs + LIFETIME_MS),
      salt: random.bytes(16),
    } as const
    try {
      participant.intake.submissions.submit(signTransaction(transaction, signing.sign).bytes)
    } catch (error) {
      // Full, or another clock's window: somebody else is asked next time.
      if (!(error instanceof RpcError)) throw error
    }
  }
}

const idOf = (institution: IdentityId): Uint8Array => Uint8Array.fromHex(institution)

function isInForce(change: Change, { ledger }: Running): boolean {
  const { members, b } = ledger.validators
  switch (change.kind) {
    case 'setLiars':
      return b === change.b
    case 'remove':
      return members.every(({ institution }) => institution !== change.node.keys.institution)
    default:
      return members.some(({ consensusKey }) => consensusKey === change.key)
  }
}

const KINDS = { add: 'addValidator', remove: 'removeValidator', replaceKey: 'replaceKey', setLiars: 'setLiars' }

function isAbout(change: Change, proposal: Proposal): boolean {
  const { kind, institution } = proposal.change
  const about = change.kind === 'setLiars' ? null : change.node.keys.institution
  return kind === KINDS[change.kind] && (institution?.toHex() ?? null) === about
}

function proposalOf(change: Change): Call {
  const contract = 'governance'
  switch (change.kind) {
    case 'add':
      return { contract, method: 'proposeValidator', args: [Uint8Array.fromHex(change.key), false] }
    case 'replaceKey':
      return { contract, method: 'proposeKey', args: [Uint8Array.fromHex(change.key)] }
    case 'remove':
      return { contract, method: 'proposeRemoval', args: [idOf(change.node.keys.institution), false] }
    case 'setLiars':
      return { contract, method: 'proposeLiars', args: [change.b, false] }
  }
}

const voteOn = ({ number }: Proposal, approves: boolean): Call => ({
  contract: 'governance',
  method: 'vote',
  args: [number, approves],
})

function describe(change: Change): string {
  if (change.kind === 'setLiars') return `b = ${change.b}`
  return `${change.kind} ${change.node.name}`
}
