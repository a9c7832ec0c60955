// Where a file lives, by what no copy of it keeps: machine, file system, inode, time of birth. Whatever the system does
// not tell, or not reliably, is null and is not compared.

import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Hash } from '../types/brand.ts'
import { type Codec, hash, optional, record, text } from '../types/canonical.ts'
import { machineId } from './machine-id.ts'
import type { SlottedFile } from './slotted-file.ts'

export interface Place {
  /** Null in most containers. */
  readonly machine: Hash | null
  /** `uuid:` of the file system where the system tells, else `number:` of its device; null for one without a disk. */
  readonly device: string | null
  readonly inode: string
  /** Of the inode, ns UTC; null where the file system keeps none. */
  readonly bornNs: string | null
}

export type PlaceAttribute = 'machine' | 'device' | 'inode' | 'time of birth'

const word = text(128)
export const placeCodec: Codec<Place> = record<Place>({
  machine: optional(hash),
  device: optional(word),
  inode: word,
  bornNs: optional(word),
})

export async function placeOf(file: Pick<SlottedFile, 'stat'>, machine: Hash | null = machineId()): Promise<Place> {
  const { dev, ino, birthtimeNs } = await file.stat()
  return { machine, device: deviceOf(dev), inode: String(ino), bornNs: birthtimeNs > 0n ? String(birthtimeNs) : null }
}

/** Attempts, and ms between them: file systems count changes in steps of up to 10 ms. */
const TICKS_MAX = 20
const TICK_MS = 5

/**
 * Does the file system keep times of birth? Where it does not, systems put zero or the time of the last change in its
 * place; so the file is changed until that shows.
 */
export async function keepsBirth(file: Pick<SlottedFile, 'stat'>, change: () => Promise<void>): Promise<boolean> {
  const before = await file.stat()
  for (let tick = 0; tick < TICKS_MAX; tick++) {
    await pause(TICK_MS)
    await change()
    const after = await file.stat()
    if (after.ctimeNs !== before.ctimeNs) return after.birthtimeNs === before.birthtimeNs
  }
  return false
}

/** What differs, among what is known of both. */
export function differences(recorded: Place, found: Place): readonly PlaceAttribute[] {
  const differ = (left: string | null, right: string | null): boolean =>
    left !== null && right !== null && left !== right
  return ATTRIBUTES.filter(([, field]) => differ(comparable(recorded, found, field), found[field])).map(
    ([name]) => name,
  )
}

/** What could not be compared. */
export function unknowns(recorded: Place, found: Place): readonly PlaceAttribute[] {
  return ATTRIBUTES.filter(([, field]) => comparable(recorded, found, field) === null || found[field] === null).map(
    ([name]) => name,
  )
}

const ATTRIBUTES: readonly (readonly [PlaceAttribute, keyof Place])[] = [
  ['machine', 'machine'],
  ['device', 'device'],
  ['inode', 'inode'],
  ['time of birth', 'bornNs'],
]

/** A container may see the number of a device whose UUID its host saw: that says nothing. */
function comparable(recorded: Place, found: Place, field: keyof Place): string | null {
  const value = recorded[field]
  if (field !== 'device' || value === null || found.device === null) return value
  return kindOf(value) === kindOf(found.device) ? value : null
}

const kindOf = (device: string): string => device.slice(0, device.indexOf(':'))

const UUID_FOLDER = '/dev/disk/by-uuid'

/**
 * Numbers of devices change when disks are plugged in another order, so the file system's UUID is preferred. Numbers
 * with major 0 (overlay, btrfs, NFS, tmpfs) are given out anew at every mount and name nothing.
 */
function deviceOf(dev: bigint): string | null {
  if (process.platform !== 'linux') return `number:${dev}`
  const major = ((dev >> 8n) & 0xfffn) | ((dev >> 32n) & ~0xfffn)
  if (major === 0n) return null
  const uuid = uuids().find(
    (name) => statSync(join(UUID_FOLDER, name), { bigint: true, throwIfNoEntry: false })?.rdev === dev,
  )
  return uuid === undefined ? `number:${dev}` : `uuid:${uuid}`
}

function uuids(): readonly string[] {
  try {
    return readdirSync(UUID_FOLDER)
  } catch {
    return []
  }
}
