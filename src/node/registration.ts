// What the registry knows of this node's own keys. An institution that joins later starts with a ledger that does not name it
// yet: it fetches the chain from its bootstrap peers, and finds itself there.

import type { Ledger } from '../ledger/ledger.ts'
import type { IdentityId, PublicKey } from '../types/brand.ts'
import type { Clock } from './clock.ts'
import type { Config } from './config.ts'
import type { NodeKeys } from './key-file.ts'
import type { Log } from './log.ts'
import { queryView } from './query.ts'
import { StartError } from './start-error.ts'

export interface Registration {
  readonly identity: IdentityId
  readonly keyId: number
}

/** Of a key that is registered and not revoked. */
export function registrationOf(
  key: PublicKey,
  { ledger, clock }: { ledger: Ledger; clock: Pick<Clock, 'nowMs'> },
): Registration | null {
  const view = { contract: 'registry', method: 'ownerOf', args: [Uint8Array.fromHex(key)] }
  const owner = queryView(ledger, view, clock.nowMs()) as { identity: Uint8Array; keyId: number } | null
  return owner === null ? null : { identity: owner.identity.toHex() as IdentityId, keyId: owner.keyId }
}

/**
 * Throws StartError where a key is another institution's, or where the institution is known and its keys are not: then the
 * key file is an old one or another's. Whom the registry does not know at all needs peers that tell it the chain.
 */
export function checkRegistration(parts: {
  readonly config: Pick<Config, 'keys' | 'p2p'>
  readonly keys: NodeKeys
  readonly ledger: Ledger
  readonly clock: Clock
  readonly log: Log
}): void {
  const { config, keys, ledger, log } = parts
  const { institution } = keys
  const missing: string[] = []
  for (const [name, key] of [
    ['signing', keys.signing.publicKey],
    ['encryption', keys.encryption.publicKey],
    ['transport', keys.transport.publicKey],
  ] as const) {
    const registered = registrationOf(key, parts)
    if (registered === null) missing.push(name)
    else if (registered.identity !== institution) {
      throw new StartError(`${config.keys}: the ${name} key is registered for another institution`)
    }
  }
  if (missing.length === 0) return
  const what = `${config.keys}: not registered for this institution at height ${ledger.head.header.height}: ${missing.join(', ')}`
  if (config.p2p.bootstrap.length === 0) {
    throw new StartError(`${what}; a node that joins a running consortium needs p2p.bootstrap to fetch the chain`)
  }
  log.warn({ missing }, 'not registered yet: this node follows through its bootstrap peers until it is')
}
