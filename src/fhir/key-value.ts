// The part of a LevelDB that the identity index uses. `MemoryLevel` of memory-level is its twin for tests.

import { Level } from 'level'

export type KeyValueOperation =
  | { readonly type: 'put'; readonly key: string; readonly value: Uint8Array }
  | { readonly type: 'del'; readonly key: string }

export interface KeyValue {
  open(): Promise<void>
  close(): Promise<void>
  get(key: string): Promise<Uint8Array | undefined>
  /** All or nothing. */
  batch(operations: KeyValueOperation[], options: { sync: boolean }): Promise<void>
  iterator(range: { readonly gt: string; readonly lt: string }): AsyncIterable<[string, Uint8Array]>
  /** Real one only: drops overwritten and deleted values from the files. */
  compactRange?(first: string, last: string): Promise<void>
}

export function createKeyValue(folder: string): KeyValue {
  return new Level<string, Uint8Array>(folder, { keyEncoding: 'utf8', valueEncoding: 'view' }) as KeyValue
}
