// All plants. README.md beside the simulator says what they are for.

import type { Plant } from './plant.ts'

export const PLANTS: readonly Plant[] = [
  {
    name: 'quorum-minus-one',
    what: 'a certificate takes q signatures',
    file: 'src/types/validator-set.ts',
    find: 'Math.ceil((set.members.length + set.b + 1) / 2)',
    replace: 'Math.max(1, Math.ceil((set.members.length + set.b + 1) / 2) - 1)',
    aim: 'partitions',
  },
  {
    name: 'fsync-before-ack',
    what: 'what is said is on disk, synced, before',
    file: 'src/node/runtime.ts',
    find: `    await this.#persist(effects)
    for (const effect of effects) {
      const written = this.#performOne(effect)
      // One commit after the other: two writes under way at once may reach the store in either order.
      if (written !== undefined) await written
    }
`,
    replace: `    const persisted = this.#persist(effects)
    for (const effect of effects) {
      const written = this.#performOne(effect)
      if (written !== undefined) await written
    }
    await persisted
`,
    aim: 'powerCuts',
  },
  {
    name: 'r3-last-ack',
    what: 'R3: no vote for a tip of the last ack’s term that does not contain the acked block',
    file: 'src/consensus/vote-rules.ts',
    find: "return parent.header.term === ack.term && hashAt(ack.height) !== ack.hash ? 'refuse' : 'grant'",
    replace: "return 'grant'",
    aim: 'equivocation',
  },
  {
    name: 'r4-vote-after-ack',
    what: 'R4: no vote or promise in a term already acked in',
    file: 'src/consensus/sign-state.ts',
    find: 'return term > (vote?.term ?? 0) && term > (lastAck?.term ?? 0)',
    replace: 'return term > (vote?.term ?? 0) || (lastAck?.term ?? 0) < 0',
    aim: 'elections',
  },
  {
    name: 'sync-certificate',
    what: 'block sync checks the CommitCert of a run',
    file: 'src/consensus/on-synced.ts',
    find: 'if (commitCertFault(commitCert, verifierOf(state)) !== null) {',
    replace: 'if (commitCert === null) {',
    aim: 'forgedRuns',
  },
]
