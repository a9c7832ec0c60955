// What is put in place of production files when the simulator loads them: the signature backend, the shamelessness of liars,
// and in a run with a plant the one piece of source that the plant takes out. Installed before anything else is imported;
// production knows nothing.

import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import type { Change, Plant } from './plants/plant.ts'

const ROOT = new URL('../../', import.meta.url)
const BACKEND = new URL('./crypto-backend.ts', import.meta.url).href

/** A liar does not fall silent when it hears what it said to somebody else. Seats: see `world.ts`. */
const SHAMELESS: Change = {
  file: 'src/consensus/own-statements.ts',
  find: 'authorOf(each) === seat &&',
  replace: 'authorOf(each) === seat && !globalThis.simulatedLiars?.has(seat) &&',
}

export function installHooks(plant: Plant | null): void {
  const planted = Map.groupBy([SHAMELESS, ...(plant?.changes ?? [])], ({ file }) => new URL(file, ROOT).href)
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier === '#crypto-backend') return { url: BACKEND, shortCircuit: true }
      return nextResolve(specifier, context)
    },
    load(url, context, nextLoad) {
      const changes = planted.get(url)
      if (changes === undefined) return nextLoad(url, context)
      const source = changes.reduce(plantIn, readFileSync(new URL(url), 'utf8'))
      return { format: 'module-typescript', source, shortCircuit: true }
    },
  })
}

/** The source without its protection. Throws unless the text to be taken out stands there exactly once. */
export function plantIn(source: string, { file, find, replace }: Change): string {
  const found = source.split(find).length - 1
  if (found !== 1) throw new Error(`plant: its text stands ${found} times in ${file}; expected once: ${find}`)
  return source.replace(find, () => replace)
}
