import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { plantIn } from '../hooks.ts'
import { PLANTS } from './menu.ts'

describe('a plant', () => {
  for (const plant of PLANTS) {
    it(`${plant.name} finds its text exactly once, and changes it`, () => {
      const source = readFileSync(new URL(`../../../${plant.file}`, import.meta.url), 'utf8')
      const planted = plantIn(source, plant)
      expect(planted).not.toBe(source)
      expect(planted).toContain(plant.replace)
    })
  }

  it('has a name of its own', () => {
    expect(new Set(PLANTS.map(({ name }) => name)).size).toBe(PLANTS.length)
  })

  it('whose text is not there, or twice, is refused', () => {
    const [plant] = PLANTS
    if (plant === undefined) throw new Error('there are plants')
    expect(() => plantIn('', plant)).toThrow(/0 times/)
    expect(() => plantIn(plant.find + plant.find, plant)).toThrow(/2 times/)
  })
})
