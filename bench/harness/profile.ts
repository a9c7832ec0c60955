// Reads V8's .cpuprofile files: self time by function, in the measured window only. Own code is named by file and function,
// a package by its name, the rest as V8 names it.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface ProfileFrame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

interface CpuProfile {
  readonly nodes: readonly { readonly id: number; readonly callFrame: ProfileFrame }[]
  /** Monotonic µs. */
  readonly startTime: number
  readonly samples: readonly number[]
  /** µs before each sample. */
  readonly timeDeltas: readonly number[]
}

export interface SelfTime {
  readonly name: string
  /** Of the window. */
  readonly share: number
}

/** Largest first; shares of all threads' samples in the window. */
export function selfTimes(folder: string, { fromMs, toMs }: { fromMs: number; toMs: number }): readonly SelfTime[] {
  const microseconds = new Map<string, number>()
  let total = 0
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
    const profile: CpuProfile = JSON.parse(readFileSync(join(folder, file), 'utf8'))
    const names = new Map(profile.nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]))
    let now = profile.startTime
    for (const [i, sample] of profile.samples.entries()) {
      const delta = profile.timeDeltas[i] ?? 0
      now += delta
      if (now < fromMs * 1_000 || now >= toMs * 1_000) continue
      const name = names.get(sample) ?? 'unknown'
      microseconds.set(name, (microseconds.get(name) ?? 0) + delta)
      total += delta
    }
  }
  return [...microseconds].map(([name, spent]) => ({ name, share: spent / total })).sort((a, b) => b.share - a.share)
}

export function nameOf({ functionName, url, lineNumber }: ProfileFrame): string {
  const own = url.match(/\/((?:src|bench|bin)\/[^?]*)$/)
  const isPackage = url.includes('/node_modules/')
  if (own && !isPackage) return `${own[1]}:${lineNumber + 1} ${functionName || '(anonymous)'}`
  if (isPackage) return url.slice(url.lastIndexOf('/node_modules/') + 14).match(/^(?:@[^/]+\/)?[^/]+/)?.[0] ?? url
  if (url.startsWith('node:')) return url
  if (functionName.startsWith('(')) return functionName
  return `native ${functionName || '(anonymous)'}`
}

/** The largest consumers, one a line. */
export function describeSelfTimes(times: readonly SelfTime[], count: number): readonly string[] {
  return times.slice(0, count).map(({ name, share }) => `${(share * 100).toFixed(1).padStart(5)} %  ${name}`)
}
