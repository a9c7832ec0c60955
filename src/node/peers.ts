// Whom this node stays connected to: members and bootstrap peers, at the configured addresses, else those of the genesis file.
// An institution's node stays where it is when its transport key changes: whoever answers there has to prove the new one.

import type { KnownPeer } from '../p2p/transport.ts'
import type { IdentityId, PublicKey } from '../types/brand.ts'
import type { Config } from './config.ts'
import type { LoadedGenesis } from './genesis-file.ts'
import type { Membership } from './membership.ts'

export function knownPeers(options: {
  readonly config: Config
  readonly loaded: LoadedGenesis
  readonly membership: Membership
  readonly self: PublicKey
}): readonly KnownPeer[] {
  const { config, loaded, membership, self } = options
  const configured = new Map(
    [...config.p2p.peers, ...config.p2p.bootstrap].map(({ transportKey, addresses }) => [transportKey, addresses]),
  )
  const addressesOf = (key: PublicKey | undefined): readonly string[] | undefined =>
    key && (configured.get(key) ?? loaded.addresses.get(key))
  const foundingKeyOf = (id: IdentityId | null): PublicKey | undefined =>
    loaded.genesis.founders.find(({ institution }) => institution === id)?.transportKey
  const keys = new Set<string>([...membership.members, ...configured.keys()])
  keys.delete(self)
  return [...keys].map((key) => {
    const transportKey = key as PublicKey
    const addresses = addressesOf(transportKey) ?? addressesOf(foundingKeyOf(membership.institutionOf(transportKey)))
    return { transportKey, addresses: addresses ?? [] }
  })
}
