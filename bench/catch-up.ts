// A validator was away: how fast does it fetch, check and execute what it missed?

import { connect } from '../src/client/client.ts'
import { eventually, sleep } from '../src/devnet/sleep.ts'
import { measureAccess, round, setupOf, withNetwork } from './harness/access-load.ts'
import type { Group, Question } from './harness/question.ts'

const ROUNDS = 3
const GIVE_UP_MS = 300_000

export const catchUp: Question = {
  name: 'catch-up',
  question: 'How fast does a validator that was away catch up with the chain?',
  async run(options) {
    const rounds: Group[] = []
    await withNetwork(options, async (network) => {
      for (let i = 0; i < ROUNDS; i++) {
        const leader = await network.leader()
        const away = network.nodes.findLast(({ member }) => member.name !== leader)
        if (away === undefined) throw new Error('--validators: expected at least 4, so that one can be away')
        const client = (name: string) => {
          const url = network.devnet.members.find((member) => member.name === name)?.rpcUrl as string
          return connect({ url, genesis: network.devnet.genesis.signed })
        }
        const heightOf = async (name: string) =>
          (
            await client(name)
              .nodeStatus()
              .catch(() => null)
          )?.height ?? 0
        const leftAt = await heightOf(away.member.name)
        away.signal('SIGKILL')
        await away.exited
        const others = { ...network, nodes: network.nodes.filter((node) => node !== away) }
        const load = await measureAccess(others, options, {
          arrival: { kind: 'closed', workers: options.workers },
          callsPerTransaction: 1,
        })
        const target = await heightOf(leader)
        const startMs = performance.now()
        away.start()
        let firstMs = 0
        const isBack = async () => {
          const height = await heightOf(away.member.name)
          if (height > 0 && firstMs === 0) firstMs = performance.now()
          return height >= target
        }
        if (!(await eventually(isBack, { withinMs: GIVE_UP_MS, everyMs: 20 }))) throw new Error('it does not catch up')
        const tookMs = performance.now() - startMs
        const blocks = target - leftAt
        const transactions = load.measured.samples.length
        rounds.push({
          round: i + 1,
          blocksMissed: blocks,
          startMs: Math.round(firstMs - startMs),
          tookMs: Math.round(tookMs),
          blocksPerSecond: round((blocks * 1_000) / tookMs),
          transactionsPerSecond: round((transactions * 1_000) / tookMs),
        })
        options.onProgress(`round ${i + 1}: ${blocks} blocks in ${Math.round(tookMs)} ms`)
        await sleep(2_000)
      }
    })
    return {
      setup: `${setupOf(options)}; one follower is killed, the others commit under a closed load of ${options.workers} for ${options.seconds} s, then it is started again and timed until its head is where the leader's was; the start of the process is part of it`,
      figures: { rounds },
      series: [],
    }
  },
}
