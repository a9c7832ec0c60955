import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { plantIn } from '../hooks.ts'
import { PLANTS } from './menu.ts'

describe('a plant', () => {
  for (const { name, changes } of PLANTS) {
    it(`${name} finds its text exactly once, and changes it`, () => {
      for (const change of changes) {
        const source = readFileSync(new URL(`../../../${change.file}`, import.meta.url), 'utf8')
        const planted = plantIn(source, change)
        expect(planted).not.toBe(source)
        expect(planted).toContain(change.replace)
      }
    })
  }

  it('has a name of its own', () => {
    expect(new Set(PLANTS.map(({ name }) => name)).size).toBe(PLANTS.length)
  })

  it('whose text is not there, or twice, is refused', () => {
    const change = { file: 'a.ts', find: 'guard()', replace: '' }
    expect(() => plantIn('', change)).toThrow(/0 times/)
    expect(() => plantIn('guard(); guard()', change)).toThrow(/2 times/)
  })
})
