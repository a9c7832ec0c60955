// `node --import` this, and consensus is taken at its word: in the place of the backend for Ed25519 stands one that gives
// every consensus statement the same signature, at no cost, and finds every signature under one valid. Transactions are
// signed and verified as ever. For the bench of accountability alone: production code has no such switch, and a chain made
// this way proves nothing to anybody.

import { registerHooks } from 'node:module'

const PLAIN = new URL('./plain-backend.ts', import.meta.url).href

registerHooks({
  resolve(specifier, context, nextResolve) {
    return specifier === '#crypto-backend' ? { url: PLAIN, shortCircuit: true } : nextResolve(specifier, context)
  },
})
