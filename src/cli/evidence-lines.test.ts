import { describe, expect, it } from 'vitest'
import { createE1 } from '../consensus/evidence/e1.ts'
import { createE3 } from '../consensus/evidence/e3.ts'
import { Scene } from '../consensus/evidence/scene.test-support.ts'
import { genesis } from '../consensus/node.test-support.ts'
import { describeEvidence, sideBySide } from './evidence-lines.ts'

const scene = new Scene()
const cert = scene.leaderCert(1, 2, genesis)
const name = (seat: number): string => `member ${seat}`

describe('evidence in words', () => {
  it('shows two blocks in one place side by side, and marks where they differ', () => {
    const words = describeEvidence(createE1(scene.block(cert, genesis), scene.block(cert, genesis)), name)
    expect(words.title).toBe('two blocks in one place')
    const lines = sideBySide(words)
    const marked = lines.filter((line) => line.startsWith('*')).map((line) => line.slice(2).split(' ')[0])
    expect(marked).toEqual(['block', 'transactions', 'state'])
    expect(lines.find((line) => line.includes('signed by'))).toMatch(/member 2 +member 2/)
  })

  it('shows two votes with the candidates that they are for', () => {
    const first = scene.vote(3, 4, genesis)
    const second = scene.vote(3, 4, genesis, { candidate: scene.group.member(1) })
    const lines = sideBySide(describeEvidence(createE3(first, second), name))
    expect(lines.filter((line) => line.startsWith('*'))).toEqual([
      expect.stringMatching(/for +member [01] +member [01]$/),
    ])
  })
})
