// The words that may stand on the chain: the codes of spec/consent.md, the names in the interfaces of the contracts
// (contracts, entries, parameters, fields, members of enums, codes of refusals), and the public names of institutions.

import { readFileSync } from 'node:fs'
import { loadContracts } from '../../src/contracts/execute.ts'
import type { Genesis } from '../../src/types/genesis.ts'

const CONSENT_PAGE = new URL('../../spec/consent.md', import.meta.url)

/**
 * Lower case. Everything that the page sets as code and that is one word. Not the sensitivities: they stand in one table that
 * is the same on every chain, and anywhere else they would say something about somebody.
 */
export function onChainVocabulary(page = readFileSync(CONSENT_PAGE, 'utf8')): ReadonlySet<string> {
  const shown = page.replace(/\n### Sensitivities\n[\s\S]*?(?=\n### )/, '')
  const spans = [...shown.matchAll(/`([^`]+)`/g)].map(([, span]) => span as string)
  return new Set(spans.filter((span) => /^\w+$/.test(span)).map((span) => span.toLowerCase()))
}

/** Lower case: every text in the contracts' interfaces that is one word, and how the institutions are called. */
export function wordsOfGenesis({ contracts, founders }: Genesis): ReadonlySet<string> {
  const set = loadContracts(contracts.map(({ name, module }) => ({ name, bytes: module })))
  const words = new Set(founders.map(({ name }) => name.toLowerCase()))
  const collect = (value: unknown): void => {
    if (typeof value === 'string') {
      if (/^\w+$/.test(value)) words.add(value.toLowerCase())
    } else if (typeof value === 'object' && value !== null) {
      for (const child of Object.values(value)) collect(child)
    }
  }
  for (const name of set.names) collect(set.abi(name))
  return words
}
