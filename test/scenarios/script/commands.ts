// The commands of a script. Members are named by their seats.

import { createSet } from '../../../src/consensus/fakes.test-support.ts'
import type { Seat } from '../../../src/types/brand.ts'
import { memberAt, quorum, type ValidatorSet } from '../../../src/types/validator-set.ts'
import { decideRelease, describeStuck } from './decide-release.ts'
import { describeMembers } from './describe-members.ts'
import { Liar } from './liar.ts'
import type { Stage } from './stage.ts'

type Command = (stage: Stage, words: readonly string[]) => void

const liars = new WeakMap<Stage, Liar>()

const COMMANDS: Readonly<Record<string, Command>> = {
  /** wait MS: time goes on. */
  wait: (stage, [ms]) => stage.wait(number(ms)),
  /** show: who is what, how far. */
  show: (stage) => stage.lines.push(...describeMembers(stage)),
  /** submit N: transactions for whoever leads. */
  submit: (stage, [count = '1']) => stage.submit(number(count)),
  crash(stage, words) {
    for (const word of words) stage.crash(seat(word))
  },
  start(stage, words) {
    for (const word of words) stage.start(seat(word))
  },
  pause: (stage, [word]) => stage.pause(seat(word)),
  resume: (stage, [word]) => stage.resume(seat(word)),
  /** stall M: its disk takes nothing until `unstall`. */
  stall: (stage, [word]) => stage.stall(seat(word)),
  unstall: (stage, [word]) => stage.unstall(seat(word)),
  /** clock M MS: that far off. */
  clock: (stage, [word, ms]) => stage.setClock(seat(word), number(ms)),
  backup: (stage, [word]) => stage.backUp(seat(word)),
  restore: (stage, [word]) => stage.restore(seat(word)),
  /** cut 0 1 | 2 3: no word between the sides; cut 0 > 1 2: one way only. */
  cut(stage, words) {
    const { left, right, isOneWay } = sides(words)
    for (const from of left) {
      for (const to of right) {
        stage.cut(from, to)
        if (!isOneWay) stage.cut(to, from)
      }
    }
  },
  heal: (stage) => stage.heal(),
  /** delay MS 0 > 1 2: one way. */
  delay(stage, [ms, ...words]) {
    const { left, right } = sides(words)
    for (const from of left) for (const to of right) stage.delay(from, to, number(ms))
  },
  /** transfer FROM TO: leadership. */
  transfer: (stage, [from, to]) => stage.act(seat(from), { kind: 'transfer', target: seat(to) }),
  /** read M ID: linearizable. */
  read: (stage, [member, id]) => stage.act(seat(member), { kind: 'readIndex', id: number(id) }),
  add: (stage, [word]) => stage.decide((set) => withMember(set, seat(word))),
  remove: (stage, [word]) => stage.decide((set) => withoutMember(set, seat(word))),
  /** rekey OLD NEW: another key is another seat. */
  rekey: (stage, [from, to]) => stage.decide((set) => withMember(withoutMember(set, seat(from)), seat(to))),
  liars: (stage, [b]) => stage.decide((set) => ({ ...set, b: number(b) })),
  /** equivocate M 0 1 | 2: the leader M turns liar and shows each side another block. */
  equivocate(stage, [word, ...words]) {
    const liar = new Liar(stage, seat(word))
    liars.set(stage, liar)
    const { left, right } = sides(words)
    liar.equivocate(left, right)
  },
  /** certify left|right: the liar shows the certificate on that block to those who have the block, if it can. */
  certify(stage, [side]) {
    const liar = liars.get(stage)
    if (liar === undefined || (side !== 'left' && side !== 'right'))
      throw new Error('expected a liar, and left or right')
    liar.certify(side)
  },
  /** stuck M: the branches that M knows to stand in each other's way. */
  stuck: (stage, [word]) => stage.lines.push(...describeStuck(stage, seat(word))),
  /** release M 0 1 2: these institutions sign what M proposes to give up, and M is told. */
  release: (stage, [word, ...institutions]) => decideRelease(stage, seat(word), institutions.map(seat)),
}

export function runCommand(stage: Stage, line: string): void {
  const [verb = '', ...words] = line.trim().split(/\s+/)
  const command = COMMANDS[verb]
  if (command === undefined) throw new Error(`no such command; expected one of ${Object.keys(COMMANDS).join(', ')}`)
  command(stage, words)
}

function number(word: string | undefined): number {
  const value = Number(word)
  if (word === undefined || !Number.isInteger(value)) throw new Error(`expected a whole number, got ${word}`)
  return value
}

const seat = (word: string | undefined): Seat => number(word) as Seat

function sides(words: readonly string[]): { left: Seat[]; right: Seat[]; isOneWay: boolean } {
  const at = words.findIndex((word) => word === '|' || word === '>')
  if (at < 0) throw new Error('expected two sides, parted by | or >')
  return { left: words.slice(0, at).map(seat), right: words.slice(at + 1).map(seat), isOneWay: words[at] === '>' }
}

function withMember(set: ValidatorSet, added: Seat): ValidatorSet {
  const member = memberAt(createSet(added + 1), added)
  if (member === undefined || memberAt(set, added) !== undefined) throw new Error(`seat ${added} is taken`)
  return checked({ ...set, members: [...set.members, member].sort((left, right) => left.seat - right.seat) })
}

function withoutMember(set: ValidatorSet, removed: Seat): ValidatorSet {
  return checked({ ...set, members: set.members.filter((member) => member.seat !== removed) })
}

function checked(set: ValidatorSet): ValidatorSet {
  quorum(set)
  return set
}
