// Before a node has a ledger. A chain that goes on from another begins with a state, which its genesis names by hash and does
// not hold: the node asks the peers that genesis and configuration name, takes a snapshot of where the chain is, or the state
// of block 0 where there is nothing else yet, and starts again with it. spec/ledger.md, "Recovery".

import { setTimeout as pause } from 'node:timers/promises'
import type { Verifier } from '../consensus/certificate.ts'
import { verify } from '../crypto/ed25519.ts'
import { recoveredBlockZero } from '../ledger/genesis-block.ts'
import { SnapshotFault } from '../ledger/state-walk.ts'
import { Libp2pTransport } from '../p2p/libp2p-transport.ts'
import type { KnownPeer, Transport } from '../p2p/transport.ts'
import type { PublicKey } from '../types/brand.ts'
import { fetchRunFrom } from './certified-run.ts'
import type { Config } from './config.ts'
import { type FetchedSnapshot, fetchBlockZero, fetchSnapshot } from './fetch-snapshot.ts'
import type { LoadedGenesis } from './genesis-file.ts'
import type { NodeKeys } from './key-file.ts'
import type { Log } from './log.ts'
import type { RunningNode } from './running-node.ts'
import type { SnapshotPlace } from './snapshot-place.ts'

const RETRY_MS = 1_000

interface FirstLedgerParts {
  readonly loaded: LoadedGenesis
  readonly place: SnapshotPlace
  readonly log: Log
}

/** The genesis names a predecessor, and there is no ledger. */
export async function startWithoutLedger({
  config,
  keys,
  ...parts
}: FirstLedgerParts & { readonly config: Pick<Config, 'p2p'>; readonly keys: NodeKeys }): Promise<RunningNode> {
  const { loaded, log } = parts
  const peers = firstPeers({ config, loaded })
  const known = new Set(peers.map(({ transportKey }) => transportKey))
  const transport = new Libp2pTransport({
    chainId: loaded.chainId,
    seed: keys.transport.seed,
    listen: [config.p2p.listen],
    allow: (key) => (known.has(key) ? 'bootstrap' : 'refused'),
    logger: log,
  })
  await transport.start()
  transport.setPeers(peers)
  log.info({ chainId: loaded.chainId, peers: peers.length }, 'no ledger yet: asking peers for the state of this chain')

  const stopping = new AbortController()
  const outdated = Promise.withResolvers<void>()
  const failed = Promise.withResolvers<unknown>()
  const running = fetchFirstLedger(transport, { ...parts, signal: stopping.signal }).then((isThere) => {
    if (isThere) outdated.resolve()
  }, failed.resolve)
  return {
    rpcUrl: null,
    p2pAddresses: transport.addresses(),
    failed: failed.promise,
    outdated: outdated.promise,
    async stop() {
      stopping.abort()
      await running
      await transport.stop()
    },
  }
}

/** From one peer after the other, until it is there, or the signal fires. Rejects where the disk does not take it. */
export async function fetchFirstLedger(
  transport: Transport,
  parts: FirstLedgerParts & { readonly signal: AbortSignal },
): Promise<boolean> {
  const { place, log, signal } = parts
  while (!signal.aborted) {
    for (const peer of transport.connectedPeers()) {
      const snapshot = await fetchFrom(peer, { ...parts, transport })
      if (snapshot === null) continue
      await place.complete()
      const { height, piecesKept } = snapshot
      log.info({ peer, height, piecesKept }, 'snapshot complete')
      return true
    }
    await pause(RETRY_MS, undefined, { signal }).catch(() => undefined)
  }
  return false
}

/** Null where the peer had nothing, or nothing true. */
async function fetchFrom(
  peer: PublicKey,
  parts: FirstLedgerParts & { readonly transport: Transport; readonly signal: AbortSignal },
): Promise<FetchedSnapshot | null> {
  const { loaded, place, transport, signal, log } = parts
  const { genesis, chainId, validators } = loaded
  const genesisBlock = recoveredBlockZero(genesis)
  const verifier: Verifier = {
    chainId,
    setOf: (epoch) => (epoch === validators.epoch ? validators : undefined),
    verify: (key, message, signature) => verify(Uint8Array.fromHex(key), message, signature),
  }
  const order = { peer, transport, signal, place }
  try {
    const fetchRun = fetchRunFrom(transport)
    const held = { held: genesisBlock, asked: [], heightMin: 1 }
    const snapshot = await fetchSnapshot({ ...order, ...held, fetchRun, verifier, genesisBlock })
    return snapshot ?? (await fetchBlockZero({ ...order, genesis }))
  } catch (error) {
    if (error instanceof SnapshotFault) log.warn({ peer, fault: error.message }, 'refused a snapshot')
    else log.info({ peer, error }, 'snapshot not completed')
    return null
  }
}

/** The founders of the recovered chain, and whom the configuration names. */
function firstPeers({ config, loaded }: { config: Pick<Config, 'p2p'>; loaded: LoadedGenesis }): readonly KnownPeer[] {
  const peers = new Map<PublicKey, readonly string[]>(
    loaded.genesis.founders.map(({ transportKey }) => [transportKey, loaded.addresses.get(transportKey) ?? []]),
  )
  for (const { transportKey, addresses } of [...config.p2p.peers, ...config.p2p.bootstrap]) {
    peers.set(transportKey as PublicKey, addresses)
  }
  return [...peers].map(([transportKey, addresses]) => ({ transportKey, addresses }))
}
