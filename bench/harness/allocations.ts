// V8's sampled heap profile: which functions allocated what was alive when it was taken.

import { readFileSync } from 'node:fs'
import { nameOf, type ProfileFrame } from './profile.ts'

interface HeapNode {
  readonly callFrame: ProfileFrame
  readonly selfSize: number
  readonly children: readonly HeapNode[]
}

/** The largest, one a line. */
export function allocations(file: string, count: number): readonly string[] {
  const { head } = JSON.parse(readFileSync(file, 'utf8')) as { readonly head: HeapNode }
  const bytes = new Map<string, number>()
  const add = ({ callFrame, selfSize, children }: HeapNode): void => {
    const name = nameOf(callFrame)
    bytes.set(name, (bytes.get(name) ?? 0) + selfSize)
    children.forEach(add)
  }
  add(head)
  const largest = [...bytes].sort(([, a], [, b]) => b - a).slice(0, count)
  return largest.map(([name, size]) => `${(size / 1_024).toFixed(0).padStart(8)} KiB  ${name}`)
}
