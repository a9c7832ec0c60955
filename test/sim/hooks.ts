// What is put in place of production files when the simulator loads them: the signature backend, and in a run with a plant
// the one piece of source that the plant takes out. Installed before anything else is imported; production knows nothing.

import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'
import type { Plant } from './plants/plant.ts'

const ROOT = new URL('../../', import.meta.url)
const BACKEND = new URL('./crypto-backend.ts', import.meta.url).href

export function installHooks(plant: Plant | null): void {
  const planted = plant === null ? null : new URL(plant.file, ROOT).href
  registerHooks({
    resolve(specifier, context, nextResolve) {
      if (specifier === '#crypto-backend') return { url: BACKEND, shortCircuit: true }
      return nextResolve(specifier, context)
    },
    load(url, context, nextLoad) {
      if (plant === null || url !== planted) return nextLoad(url, context)
      return {
        format: 'module-typescript',
        source: plantIn(readFileSync(new URL(url), 'utf8'), plant),
        shortCircuit: true,
      }
    },
  })
}

/** The source without its protection. Throws unless the text to be taken out stands there exactly once. */
export function plantIn(source: string, { name, file, find, replace }: Plant): string {
  const found = source.split(find).length - 1
  if (found !== 1) throw new Error(`plant ${name}: its text stands ${found} times in ${file}; expected once`)
  return source.replace(find, () => replace)
}
