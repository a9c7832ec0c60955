// A flame graph of V8's CPU profile: one page without scripts, the widest stacks of calls as boxes, hover for names.

import { nameOf, type ProfileFrame } from './profile.ts'

interface ProfileNode {
  readonly id: number
  readonly callFrame: ProfileFrame
  readonly children?: readonly number[]
}

export interface StackProfile {
  readonly nodes: readonly ProfileNode[]
  /** Monotonic µs. */
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface Box {
  readonly name: string
  microseconds: number
  readonly inside: Map<string, Box>
}

const WIDTH = 1_200
const ROW = 17
/** Narrower ones are left away: nobody could point at them. */
const PIXELS_MIN = 0.6
const LETTER = 6.2

export function flameGraph(title: string, profile: StackProfile): string {
  const root = stacksOf(profile)
  const boxes: string[] = []
  const depth = draw(root, {
    at: 0,
    row: 0,
    scale: WIDTH / Math.max(1, root.microseconds),
    total: root.microseconds,
    boxes,
  })
  const height = (depth + 1) * ROW
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escaped(title)}</title>
<style>body { font: 14px system-ui, sans-serif; margin: 1rem } svg { width: 100%; height: auto } text { font: 11px monospace; pointer-events: none } rect { stroke: #fff; stroke-width: .5 }</style>
<h1 style="font-size: 1rem">${escaped(title)}: ${Math.round(root.microseconds / 1_000)} ms of CPU and idle time</h1>
<svg viewBox="0 0 ${WIDTH} ${height}">
${boxes.join('\n')}
</svg></html>
`
}

function stacksOf({ nodes, samples, timeDeltas }: StackProfile): Box {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const parents = new Map<number, number>()
  for (const { id, children = [] } of nodes) for (const child of children) parents.set(child, id)
  const spent = new Map<number, number>()
  for (const [i, id] of samples.entries()) spent.set(id, (spent.get(id) ?? 0) + (timeDeltas[i] ?? 0))
  const root: Box = { name: 'all', microseconds: 0, inside: new Map() }
  for (const [leaf, microseconds] of spent) {
    const names: string[] = []
    for (let id: number | undefined = leaf; id !== undefined; id = parents.get(id)) {
      const frame = byId.get(id)?.callFrame
      if (frame !== undefined && frame.functionName !== '(root)') names.push(nameOf(frame))
    }
    let box = root
    box.microseconds += microseconds
    for (const name of names.reverse()) {
      const inner: Box = box.inside.get(name) ?? { name, microseconds: 0, inside: new Map() }
      box.inside.set(name, inner)
      inner.microseconds += microseconds
      box = inner
    }
  }
  return root
}

/** Answers the deepest row. */
function draw(box: Box, place: { at: number; row: number; scale: number; total: number; boxes: string[] }): number {
  const { at, row, scale, total, boxes } = place
  const width = box.microseconds * scale
  if (width < PIXELS_MIN) return row
  const share = ((100 * box.microseconds) / Math.max(1, total)).toFixed(1)
  const text = box.name.slice(0, Math.max(0, Math.floor(width / LETTER) - 1))
  const [x, y] = [at.toFixed(1), row * ROW]
  boxes.push(
    `<g><title>${escaped(box.name)}: ${share} %</title><rect x="${x}" y="${y}" width="${width.toFixed(1)}" height="${ROW - 1}" fill="${colourOf(box.name)}"/><text x="${(at + 3).toFixed(1)}" y="${y + 12}">${escaped(text)}</text></g>`,
  )
  let left = at
  let deepest = row
  for (const inner of [...box.inside.values()].sort((a, b) => b.microseconds - a.microseconds)) {
    deepest = Math.max(deepest, draw(inner, { ...place, at: left, row: row + 1 }))
    left += inner.microseconds * scale
  }
  return deepest
}

/** Warm: our own code; cool: packages and the runtime. */
function colourOf(name: string): string {
  if (name.startsWith('src/')) return `hsl(${18 + (hashOf(name) % 30)} 80% 68%)`
  if (name.startsWith('(')) return '#d5d9de'
  return `hsl(${190 + (hashOf(name) % 40)} 45% 75%)`
}

const hashOf = (name: string): number => [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 9_973, 7)

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[letter] as string)
