import { describe, expect, test } from 'vitest'
import type { Hash } from '../types/brand.ts'
import { differences, type Place, unknowns } from './file-place.ts'
import { machineId } from './machine-id.ts'

const place: Place = { machine: '11'.repeat(32) as Hash, device: 'uuid:1-2', inode: '7', bornNs: '1000' }

describe('differences()', () => {
  test('each attribute that differs is named', () => {
    expect(differences(place, place)).toEqual([])
    expect(differences(place, { ...place, machine: '22'.repeat(32) as Hash })).toEqual(['machine'])
    expect(differences(place, { ...place, device: 'uuid:3-4' })).toEqual(['device'])
    expect(differences(place, { ...place, inode: '8', bornNs: '1001' })).toEqual(['inode', 'time of birth'])
  })

  test('what is unknown on either side is not compared, and reported', () => {
    const bare: Place = { machine: null, device: null, inode: '7', bornNs: null }
    expect(differences(place, bare)).toEqual([])
    expect(differences(bare, place)).toEqual([])
    expect(unknowns(place, bare)).toEqual(['machine', 'device', 'time of birth'])
    expect(unknowns(place, place)).toEqual([])
  })

  test("a device's number says nothing about a file system that was known by its UUID", () => {
    const inContainer = { ...place, device: 'number:2049' }
    expect(differences(place, inContainer)).toEqual([])
    expect(unknowns(place, inContainer)).toEqual(['device'])
    expect(differences(inContainer, { ...place, device: 'number:2050' })).toEqual(['device'])
  })
})

describe('machineId()', () => {
  test('is the same whenever it is asked, and not the name that the system keeps to itself', () => {
    expect(machineId()).toBe(machineId())
    expect(machineId() ?? '0'.repeat(64)).toMatch(/^[0-9a-f]{64}$/)
  })

  test('a system that cannot be asked has none', () => {
    expect(machineId('aix')).toBe(null)
    if (process.platform !== 'darwin') expect(machineId('darwin')).toBe(null)
    if (process.platform !== 'win32') expect(machineId('win32')).toBe(null)
  })
})
