// The protocol version rises while some nodes still run an older release. What decides on it is a contract of one action,
// which stands for the vote of the institutions.

import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { compile } from '../../src/contracts/lang/compile.ts'
import type { Call } from '../../src/types/transaction.ts'
import { enrolPatient, InProcessConsortium, type InProcessNode, newId, until } from './in-process-consortium.ts'

const DECISIONS = `contract governance version 1

record Change { fromHeight: int, version: int }

state versions: map<int, int>

action raise(version: int, fromHeight: int) {
  versions[fromHeight] = version
}

view protocolVersions() returns list<Change, 64> {
  var changes: list<Change, 64> = []
  for (fromHeight), version in versions[...] max 64 {
    changes = changes.append(Change(fromHeight, version))
  }
  return changes
}
`
const sourceOf = (name: string) => ({
  name,
  text: readFileSync(new URL(`../../src/contracts/builtin/${name}.clause`, import.meta.url), 'utf8'),
})
const contracts = compile([
  sourceOf('policy'),
  sourceOf('registry'),
  sourceOf('validators'),
  { name: 'governance', text: DECISIONS },
]).map(({ name, bytes }) => ({ name, module: bytes }))
const raise = (version: number, height: number): Call => ({
  contract: 'governance',
  method: 'raise',
  args: [version, height],
})

let consortium: InProcessConsortium

afterEach(async () => {
  await consortium.stop()
  expect(consortium.nodes.map(({ failure }) => failure)).toEqual(consortium.nodes.map(() => null))
})

/** Validators and observers of which the first `upgraded`, by position, support version 2, too. */
async function start({
  upgraded,
  ...options
}: {
  upgraded: readonly number[]
  validators: number
  observers?: number
}) {
  consortium = new InProcessConsortium({ ...options, contracts })
  for (const index of upgraded) consortium.node(index).supportedVersions = [1, 2]
  await consortium.start()
}

/** Decides that version 2 is in force from a few blocks on, and fills the blocks up to there. Answers that height. */
async function raiseSoon(node: InProcessNode): Promise<number> {
  const height = node.height + 4
  await node.commit([raise(2, height)])
  while (node.height < height - 1) await node.commit([enrolPatient(newId())])
  return height
}

const versionsOf = ({ ledger }: InProcessNode): number[] =>
  Array.from({ length: ledger.head.header.height }, (_, i) => ledger.header((i + 1) as never)?.version ?? 0)

const stoppedAt = (node: InProcessNode, height: number): Promise<void> =>
  until(() => node.participant.standing.notReady().includes('RELEASE_TOO_OLD') && node.height === height, node.name)

describe('three of four validators support version 2', () => {
  it('they pass its height; the fourth stops before it, answers reads, and catches up once it is upgraded', async () => {
    await start({ validators: 4, upgraded: [0, 1, 2] })
    const [first, , , old] = consortium.nodes as [InProcessNode, InProcessNode, InProcessNode, InProcessNode]
    const patient = newId()
    const height = await raiseSoon(first)
    await first.commit([enrolPatient(patient)])
    await first.commit([enrolPatient(newId())])

    await stoppedAt(old, height - 1)
    expect(versionsOf(first).slice(height - 2, height + 1)).toEqual([1, 2, 2])
    expect(old.ask('registry', 'isPatient', [patient])).toBe(false)
    expect(old.ledger.protocol).toMatchObject({ version: 2, supported: [1] })
    expect(await consortium.converge(consortium.nodes.slice(0, 3))).not.toBe(old.ledger.head.header.stateRoot)

    await old.stop()
    await old.start()
    await stoppedAt(old, height - 1)

    await old.stop()
    old.supportedVersions = [1, 2]
    await old.start()
    await consortium.converge()
    expect(old.ask('registry', 'isPatient', [patient])).toBe(true)
  })

  it('an observer of the older release stops before it and stays up', async () => {
    await start({ validators: 4, observers: 2, upgraded: [0, 1, 2, 3, 4] })
    const height = await raiseSoon(consortium.node(0))
    await consortium.node(0).commit([enrolPatient(newId())])
    await consortium.converge(consortium.nodes.slice(0, 5))
    await stoppedAt(consortium.node(5), height - 1)
  })
})

describe('two of four validators support version 2', () => {
  it('the group pauses before its height rather than forks, and goes on as soon as a third does', async () => {
    await start({ validators: 4, upgraded: [0, 1] })
    const [first, second, third, fourth] = consortium.nodes as [
      InProcessNode,
      InProcessNode,
      InProcessNode,
      InProcessNode,
    ]
    const height = await raiseSoon(first)
    const submitted = first.sign([enrolPatient(newId())])
    first.participant.intake.submissions.submit(submitted.bytes)
    await stoppedAt(third, height - 1)
    await stoppedAt(fourth, height - 1)
    expect([first.height, second.height]).toEqual([height - 1, height - 1])

    await third.stop()
    third.supportedVersions = [1, 2]
    await third.start()
    await first.settled(submitted.id)
    await consortium.converge([first, second, third])
    expect(fourth.height).toBe(height - 1)
    expect(versionsOf(first).slice(height - 2)).toEqual([
      1,
      ...versionsOf(first)
        .slice(height - 1)
        .map(() => 2),
    ])
  })
})

describe('a leader', () => {
  it('cannot raise the version by itself, nor keep it: the state says which one a block has', async () => {
    await start({ validators: 1, upgraded: [0] })
    const node = consortium.node(0)
    const height = await raiseSoon(node)
    const block = node.ledger.block(node.ledger.head.hash)
    if (block === undefined) throw new Error('the head is stored')
    const next = {
      header: { ...block.header, height, parentHash: block.hash, timeMs: block.header.timeMs + 1, version: 1 },
      signature: block.signature,
      hash: block.hash,
      transactions: [],
    }
    const refused = node.ledger.check(next as never)
    expect(refused).toMatchObject({ ok: false, refusal: { code: 'VERSION' } })
  })

  it('of a node that announces its versions is seen by the others before anything is decided', async () => {
    await start({ validators: 4, upgraded: [0, 2] })
    const announced = () =>
      consortium
        .node(1)
        .participant.reports.announced()
        .map(({ versions }) => versions)
    await until(() => announced().every((versions) => versions !== null), 'the status of everybody')
    expect(announced()).toEqual([[1, 2], [1], [1, 2], [1]])
  })
})
