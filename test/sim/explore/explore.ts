// Through every state of the world within bounds: the honest nodes' states and the set of packets. Each is entered once,
// the most dangerous first, so that what can go wrong goes wrong early. A fork is two blocks that exclude each other and that a quorum has acked, the liar's acks counted.

import { createSet, createSettings } from '../../../src/consensus/fakes.test-support.ts'
import { Statements } from '../../../src/consensus/statements.test-support.ts'
import type { Block } from '../../../src/types/block.ts'
import type { Seat } from '../../../src/types/brand.ts'
import { Liar } from './liar.ts'
import { type Action, type Bounds, genesis, type Packet, World } from './world.ts'

export interface Exploration {
  readonly states: number
  /** Of one node, and packets: how many different ones there were. */
  readonly localStates: number
  readonly packets: number
  /** Everything within the bounds was visited. */
  readonly exhausted: boolean
  readonly fork: Fork | null
}

export interface Fork {
  /** Proven to have lied, by what was said on the way. */
  readonly guilty: readonly Seat[]
  readonly blocks: readonly [Block, Block] | null
  /** One line a step. */
  readonly path: readonly string[]
}

export interface Options extends Bounds {
  readonly members: number
  readonly statesMax: number
  readonly onProgress?: (states: number) => void
}

interface Packets {
  readonly id: number
  readonly all: readonly number[]
  /** By receiver. */
  readonly to: readonly (readonly number[])[]
  readonly fork: readonly [Block, Block] | null
  /** How far two blocks that exclude each other have come. */
  readonly danger: number
}

interface Place {
  readonly locals: readonly number[]
  readonly packets: Packets
  /** How it was reached. */
  readonly before: Place | null
  readonly made: string
}

const PROGRESS_STATES = 50_000

/** The last member lies, the others do not. */
export function explore(options: Options): Exploration {
  return new Explorer(options).run()
}

class Explorer {
  readonly #options: Options
  readonly #world: World
  readonly #liar: Liar
  readonly #honest: readonly Seat[]
  readonly #packetSets = new Map<string, Packets>()
  readonly #visited = new Set<string>()
  /** Places to go on from, by danger. */
  readonly #frontier: Place[][] = []
  #turn = 0
  #chance = 1
  #reported = 0

  constructor(options: Options) {
    this.#options = options
    const set = createSet(options.members)
    const seats = set.members.map(({ seat }) => seat)
    this.#world = new World(set, options)
    this.#honest = seats.slice(0, -1)
    this.#liar = new Liar(this.#world, seats.at(-1) as Seat)
  }

  run(): Exploration {
    const { statesMax, onProgress } = this.#options
    const locals = this.#honest.map((seat) => this.#world.start(seat))
    this.#enter({ locals, packets: this.#closed([]), before: null, made: '' })
    let fork: Fork | null = null
    for (let place = this.#next(); place !== undefined && fork === null; place = this.#next()) {
      if (this.#visited.size >= statesMax) return this.#result({ exhausted: false, fork })
      fork = this.#expand(place)
      if (this.#visited.size >= this.#reported + PROGRESS_STATES) {
        this.#reported = this.#visited.size
        onProgress?.(this.#visited.size)
      }
    }
    return this.#result({ exhausted: fork === null, fork })
  }

  #result({ exhausted, fork }: Pick<Exploration, 'exhausted' | 'fork'>): Exploration {
    const { localCount, packets } = this.#world
    return { states: this.#visited.size, localStates: localCount, packets: packets.length, exhausted, fork }
  }

  /** Down from the most dangerous places to the harmless ones, one of each, again and again. */
  #next(): Place | undefined {
    for (let tried = 0; tried < this.#frontier.length; tried++) {
      this.#turn = this.#turn === 0 ? this.#frontier.length - 1 : this.#turn - 1
      const places = this.#frontier[this.#turn]
      if (places === undefined || places.length === 0) continue
      // Any of them: the latest only would lead into one corner. The same ones in every run.
      this.#chance = (Math.imul(this.#chance, 1_664_525) + 1_013_904_223) >>> 0
      const at = this.#chance % places.length
      const place = places[at] as Place
      places[at] = places.at(-1) as Place
      places.pop()
      return place
    }
    return undefined
  }

  #enter(place: Place): void {
    const name = `${place.locals.join()} ${place.packets.id}`
    if (this.#visited.has(name)) return
    this.#visited.add(name)
    const { danger } = place.packets
    while (this.#frontier.length <= danger) this.#frontier.push([])
    this.#frontier[danger]?.push(place)
  }

  #expand(place: Place): Fork | null {
    const { locals, packets } = place
    for (const [i, local] of locals.entries()) {
      const seat = this.#honest[i] as Seat
      const deliveries = (packets.to[seat] ?? []).map((packet): Action => ({ kind: 'deliver', packet }))
      for (const action of [...deliveries, ...this.#world.choices(local)]) {
        const outcome = this.#world.act(local, action)
        if (outcome === null) continue
        const next: Place = {
          locals: locals.with(i, outcome.local),
          packets: this.#with(packets, outcome.sent),
          before: place,
          made: `${seat} ${this.#describe(action)}`,
        }
        if (outcome.diverged || next.packets.fork !== null) return this.#forkAt(next)
        this.#enter(next)
      }
    }
    return null
  }

  #forkAt(place: Place): Fork {
    const statements = new Statements()
    for (const packet of place.packets.all) {
      const { from, message } = this.#world.packets[packet] as Packet
      statements.onSend(from, message)
    }
    const settings = createSettings(this.#world.set, 0)
    const { guilty } = statements.investigate({ genesis, verifier: { ...settings, setOf: settings.restoredSetOf } })
    return { guilty, blocks: place.packets.fork, path: pathTo(place) }
  }

  #with(packets: Packets, sent: readonly number[]): Packets {
    const news = sent.filter((packet) => !packets.all.includes(packet))
    return news.length === 0 ? packets : this.#closed([...packets.all, ...news])
  }

  /** With all that the liar adds to it. */
  #closed(sent: readonly number[]): Packets {
    const sorted = [...sent].sort((left, right) => left - right)
    const name = sorted.join()
    const known = this.#packetSets.get(name)
    if (known !== undefined) return known
    const additions = this.#liar.additions(sorted).filter((packet) => !sent.includes(packet))
    const packets = additions.length > 0 ? this.#closed([...sent, ...additions]) : this.#sorted(sorted)
    this.#packetSets.set(name, packets)
    return packets
  }

  #sorted(all: readonly number[]): Packets {
    const to: number[][] = []
    for (const packet of all) {
      const receiver = this.#world.packets[packet]?.to as Seat
      to[receiver] = [...(to[receiver] ?? []), packet]
    }
    return { id: this.#packetSets.size, all, to, fork: this.#liar.forkIn(all), danger: this.#liar.dangerIn(all) }
  }

  #describe(action: Action): string {
    if (action.kind !== 'deliver') return action.kind
    const packet = this.#world.packets[action.packet]
    return `takes ${packet?.message.kind} of ${packet?.from}`
  }
}

function pathTo(place: Place): string[] {
  const path: string[] = []
  for (let at: Place | null = place; at !== null && at.before !== null; at = at.before) path.push(at.made)
  return path.reverse()
}
