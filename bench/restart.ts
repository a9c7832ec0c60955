// How long a node takes to start, by the length of its chain.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../src/client/client.ts'
import { type Devnet, hospitals, layOut, memberNamed } from '../src/devnet/layout.ts'
import { NodeProcess } from '../src/devnet/node-process.ts'
import { percentiles } from '../src/devnet/percentiles.ts'
import { eventually } from '../src/devnet/sleep.ts'
import { LocalChain } from './harness/local-chain.ts'
import { CUSTODIAN } from './harness/network.ts'
import { Population } from './harness/population.ts'
import type { BenchOptions, Group, Question } from './harness/question.ts'

const LEAST = 1_000
const TIMES = 10
/** At each length. */
const STARTS = 5
/** Follows without signing: no other node has to be there. */
const NODE = 'regulator'
const GIVE_UP_MS = 120_000

export const restart: Question = {
  name: 'restart',
  question: 'How long does a node take from the start of its process until it answers, by the length of its chain?',
  async run(options) {
    const folder = mkdtempSync(join(tmpdir(), 'assent-bench-'))
    try {
      const fhir = { masterIdentifierSystem: 'urn:assent:mrn', timeZone: 'UTC' }
      const devnet = await layOut(join(folder, 'consortium'), hospitals(1), { fhir })
      const { keys } = memberNamed(devnet, CUSTODIAN)
      if (keys.consensus === null) throw new Error('the first hospital validates')
      const ledgerFolder = join(memberNamed(devnet, NODE).folder, 'data', 'ledger')
      mkdirSync(ledgerFolder, { recursive: true, mode: 0o700 })
      const lengths: Group[] = []
      const { genesis } = devnet.genesis.signed
      const founding = { genesis, institution: keys.institution, signing: keys.signing, consensus: keys.consensus }
      const chain = await LocalChain.create(ledgerFolder, founding)
      const population = new Population(chain, options.seed)
      await population.enrollPractitioner()
      await population.grow(LEAST, () => {})
      await chain.ledger.close()
      for (const blocks of lengthsUpTo(options.blocks)) {
        await lengthen(await LocalChain.open(ledgerFolder, founding), { population, blocks, options })
        lengths.push(await measureStarts(devnet, blocks, options))
      }
      return {
        setup: `an observer with blocks of one signed access request each on LevelDB, made by the real ledger; at each length the process is started ${STARTS} times and timed until its RPC says its height, then stopped in order`,
        figures: { lengths },
        series: [
          {
            name: 'start, median',
            unit: 'ms',
            over: 'blocks',
            points: lengths.map((row) => [row.blocks as number, row.p50Ms as number]),
          },
        ],
      }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

function lengthsUpTo(most: number): readonly number[] {
  const lengths: number[] = []
  for (let length = LEAST; length < most; length *= TIMES) lengths.push(length)
  return [...lengths, most]
}

async function lengthen(
  chain: LocalChain,
  { population, blocks, options }: { population: Population; blocks: number; options: BenchOptions },
): Promise<void> {
  population.moveTo(chain)
  for (let height = chain.ledger.head.header.height; height < blocks; height++) {
    await chain.commit(chain.transactions([population.request()]))
    if (height % 10_000 === 0) options.onProgress(`${height} of ${blocks} blocks`)
  }
  await chain.ledger.close()
}

async function measureStarts(devnet: Devnet<string>, blocks: number, { onProgress }: BenchOptions): Promise<Group> {
  const member = memberNamed(devnet, NODE)
  const client = connect({ url: member.rpcUrl, genesis: devnet.genesis.signed })
  const took: number[] = []
  for (let i = 0; i < STARTS; i++) {
    const node = new NodeProcess(member)
    const startMs = performance.now()
    node.start()
    const answers = async () => (await client.nodeStatus().catch(() => null))?.height === blocks
    if (!(await eventually(answers, { withinMs: GIVE_UP_MS, everyMs: 10 }))) throw new Error(`${NODE} does not start`)
    took.push(performance.now() - startMs)
    await node.stop()
  }
  const { p50, p99 } = percentiles(took)
  onProgress(`${blocks} blocks: ${p50} ms`)
  return { blocks, p50Ms: p50, slowestMs: p99 }
}
