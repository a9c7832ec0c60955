// What is put in place of production files when the simulator loads them: the signature backend, the shamelessness of liars,
// and in a run with a plant the one piece of source that the plant takes out. Installed before anything else is imported;
// production knows nothing.

import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import type { Plant } from './plants/plant.ts'

const ROOT = new URL('../../', import.meta.url)
const BACKEND = new URL('./crypto-backend.ts', import.meta.url).href

type Change = Pick<Plant, 'name' | 'file' | 'find' | 'replace'>

/** A liar does not fall silent when it hears what it said to somebody else. Seats: see `world.ts`. */
const SHAMELESS: Change = {
  name: 'shameless liars',
  file: 'src/consensus/own-statements.ts',
  find: 'authorOf(each) === seat &&',
  replace: 'authorOf(each) === seat && !globalThis.simulatedLiars?.has(seat) &&',
}

export function installHooks(plant: Plant | null): void {
  const changes: readonly Change[] = plant === null ? [SHAMELESS] : [SHAMELESS, plant]
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier === '#crypto-backend') return { url: BACKEND, shortCircuit: true }
      return nextResolve(specifier, context)
    },
    load(url, context, nextLoad) {
      const ofFile = changes.filter(({ file }) => new URL(file, ROOT).href === url)
      if (ofFile.length === 0) return nextLoad(url, context)
      const source = ofFile.reduce(plantIn, readFileSync(new URL(url), 'utf8'))
      return { format: 'module-typescript', source, shortCircuit: true }
    },
  })
}

/** The source without its protection. Throws unless the text to be taken out stands there exactly once. */
export function plantIn(source: string, { name, file, find, replace }: Change): string {
  const found = source.split(find).length - 1
  if (found !== 1) throw new Error(`plant ${name}: its text stands ${found} times in ${file}; expected once`)
  return source.replace(find, () => replace)
}
