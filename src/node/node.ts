// The composition root: opens everything, wires it, closes it. The only place where all floors meet. Opening order is the
// order of the file; closing is the reverse.

import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import type { Verifier } from '../consensus/certificate.ts'
import { createState } from '../consensus/create-state.ts'
import { DEFAULT_TIMING } from '../consensus/limits.ts'
import { decodeSignState, EMPTY_SIGN_STATE } from '../consensus/sign-state.ts'
import { verify } from '../crypto/ed25519.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLevelStore } from '../ledger/level-store.ts'
import { createMempool } from '../ledger/mempool.ts'
import { openLedger } from '../ledger/open-ledger.ts'
import { openSignStateFile } from '../ledger/sign-state-file.ts'
import { Libp2pTransport } from '../p2p/libp2p-transport.ts'
import { type KnownPeer, SYNC_PROTOCOL } from '../p2p/transport.ts'
import { type RpcServer, startRpcServer } from '../rpc/server.ts'
import type { Block } from '../types/block.ts'
import type { Height, MemberIndex, PublicKey, Term } from '../types/brand.ts'
import { DecodeError } from '../types/canonical.ts'
import type { CommitCert } from '../types/certificate.ts'
import { RELEASE_STALE_MS } from '../types/limits.ts'
import { memberIndexOf, quorum } from '../types/validator-set.ts'
import { decodeRun, encodeRunRequest, RUN_REPLY_BYTES_MAX, RUN_REQUEST_BYTES_MAX, serveRun } from './certified-run.ts'
import { systemClock } from './clock.ts'
import { CommitFeed } from './commit-feed.ts'
import type { Config } from './config.ts'
import { decodeBatch, Forwarder, GOSSIP_BATCH_BYTES_MAX } from './forwarder.ts'
import { Freshness } from './freshness.ts'
import { type LoadedGenesis, loadGenesis } from './genesis-file.ts'
import { HeaderGossip } from './header-gossip.ts'
import { InstitutionGateway } from './institution-gateway.ts'
import { InstitutionSender } from './institution-sender.ts'
import { loadKeyFile, type NodeKeys } from './key-file.ts'
import type { Log } from './log.ts'
import { Membership } from './membership.ts'
import { registerMetrics } from './metrics.ts'
import { Observer } from './observer.ts'
import { Reads } from './reads.ts'
import { createRpcServices, type Standing } from './rpc-services.ts'
import { Runtime } from './runtime.ts'
import { StatusGossip } from './status-gossip.ts'
import { Submissions } from './submissions.ts'
import { VERSION } from './version.ts'

const SYNC_TIMEOUT_MS = 10_000
const EXPIRY_INTERVAL_MS = 1_000

export interface RunningNode {
  readonly rpcUrl: string
  readonly p2pAddresses: readonly string[]
  /** Settles when the node stopped by itself: with the reason. */
  readonly failed: Promise<unknown>
  stop(): Promise<void>
}

/** What of a member's misbehaviour or mistake the node must not run with. */
export class StartError extends Error {
  override name = 'StartError'
}

export async function startNode(config: Config, log: Log): Promise<RunningNode> {
  const keys = loadKeyFile(config.keys)
  const loaded = loadGenesis(config.genesis, { complete: true })
  checkIdentity({ config, keys, loaded })
  mkdirSync(config.dataFolder, { recursive: true, mode: 0o700 })

  const closers: (() => unknown)[] = []
  const close = async (): Promise<void> => {
    for (const closer of closers.reverse()) await closer()
  }
  try {
    return await open({ config, log, keys, loaded, closers, close })
  } catch (error) {
    await close()
    throw error
  }
}

function checkIdentity({ config, keys, loaded }: { config: Config; keys: NodeKeys; loaded: LoadedGenesis }): void {
  const founder = loaded.genesis.founders.find(({ institution }) => institution === keys.institution)
  if (founder === undefined) return
  if (founder.transportKey !== keys.transport.publicKey || founder.signingKey !== keys.signing.publicKey) {
    throw new StartError(`${config.keys}: not the keys that the genesis names for this institution`)
  }
  if (config.role === 'validator' && (keys.consensus === null || founder.consensusKey !== keys.consensus.publicKey)) {
    throw new StartError('role: validator, but the genesis has no validator with this consensus key; expected observer')
  }
}

interface Opening {
  readonly config: Config
  readonly log: Log
  readonly keys: NodeKeys
  readonly loaded: LoadedGenesis
  readonly closers: (() => unknown)[]
  readonly close: () => Promise<void>
}

async function open({ config, log, keys, loaded, closers, close }: Opening): Promise<RunningNode> {
  const clock = systemClock
  const { genesis, chainId, validators } = loaded
  const failure = Promise.withResolvers<unknown>()
  const onFatal = (error: unknown): void => {
    log.fatal({ error }, 'the node stops: it must not go on like this')
    failure.resolve(error)
  }
  const readiness = new Set(['STARTING'])

  // 1 the ledger
  const store = await openLevelStore(join(config.dataFolder, 'ledger'))
  const ledger = await openLedger({ store, genesis })
  closers.push(() => ledger.close())
  log.info({ chainId, height: ledger.head.header.height, stateRoot: ledger.head.header.stateRoot }, 'ledger open')

  // 2 who may connect, and what waits
  const bootstrap = config.p2p.bootstrap.map(({ transportKey }) => transportKey as PublicKey)
  const membership = new Membership({ ledger, clock, bootstrap })
  const mempool = createMempool({
    chainId,
    verdicts: ledger.verdicts,
    signerOf: ledger.signerOf,
    isRecent: (id) => ledger.isInChain(ledger.head.hash, id),
    isCommitted: (id) => ledger.locate(id) !== undefined,
  })
  const feed = new CommitFeed()
  const freshness = new Freshness({ clock, quorum: quorum(validators), windowMs: RELEASE_STALE_MS })

  // 3 the transport
  const transport = new Libp2pTransport({
    chainId,
    seed: keys.transport.seed,
    listen: [config.p2p.listen],
    allow: membership.classify,
    logger: log,
    onRefused: (peer, reason) => log.warn({ peer, reason }, 'connection refused'),
    onMisbehaviour: (peer, what) => log.warn({ peer, what }, 'peer misbehaved'),
  })
  const fetchRun = async (from: PublicKey, fromHeight: number) => {
    const options = { timeoutMs: SYNC_TIMEOUT_MS, maxReplyBytes: RUN_REPLY_BYTES_MAX }
    return decodeRun(await transport.request(from, SYNC_PROTOCOL, encodeRunRequest(fromHeight), options))
  }
  transport.handleRequests(SYNC_PROTOCOL, async (_peer, message) => serveRun(ledger, message), {
    maxRequestBytes: RUN_REQUEST_BYTES_MAX,
    concurrency: 8,
  })

  // 4 transactions on their way
  const forwarder = new Forwarder({ mempool, transport, log })
  closers.push(() => forwarder.stop())
  let transactionsArrived = (): void => undefined
  const submissions = new Submissions({
    ledger,
    mempool,
    clock,
    onAccepted(id) {
      transactionsArrived()
      forwarder.accepted(id)
    },
  })
  const acceptBatch = (message: Uint8Array): void => {
    for (const bytes of decodeBatch(message)) {
      const admission = mempool.add(bytes, clock.nowMs())
      if (admission.status === 'accepted') transactionsArrived()
    }
  }
  const expiry = setInterval(() => {
    submissions.onGone(mempool.expire({ headTimeMs: ledger.head.header.timeMs, nowMs: clock.nowMs() }))
  }, EXPIRY_INTERVAL_MS)
  closers.push(() => clearInterval(expiry))
  const sender = new InstitutionSender(keys, { ledger, submissions, clock })

  // 5 what everybody hears
  const standing = { epoch: validators.epoch as number, term: 0, leader: null as Standing['leader'] }
  const verifier: Verifier = {
    chainId,
    set: validators,
    verify: (key, message, signature) => verify(Uint8Array.fromHex(key), message, signature),
  }
  const headers = new HeaderGossip({ transport, verifier, log })
  const status = new StatusGossip({ transport, keys, ledger, clock, freshness, validators })
  closers.push(() => status.stop())
  feed.subscribe((blocks, certificate) => {
    freshness.heard()
    submissions.onCommit(blocks)
    if (touchesRegistry(ledger, blocks)) {
      membership.refresh()
      transport.recheck()
      transport.setPeers(knownPeers({ config, loaded, membership, self: keys.transport.publicKey }))
    }
    readiness.delete('SYNCING')
    if (standing.leader === keys.institution) headers.publish(blocks, certificate)
  })
  const onCommit = (blocks: readonly Block[], certificate: CommitCert): void => feed.publish(blocks, certificate)

  // 6 the institution's own desk: vault, index, releases
  const gateway = await InstitutionGateway.open({
    config,
    chainId,
    keys,
    ledger,
    sender,
    membership,
    freshness,
    feed,
    transport,
    clock,
    log,
  })
  closers.push(() => gateway.close())

  // 7 consensus, or following it
  if (config.role === 'validator' && keys.consensus !== null) {
    const self = memberIndexOf(validators, keys.consensus.publicKey) as MemberIndex
    const signStateFile = await openSignStateFile(join(config.dataFolder, 'sign-state'))
    closers.push(() => signStateFile.close())
    const saved = signStateFile.content
    const { consensus } = config
    const state = createState(
      {
        ...verifier,
        self,
        sign: keys.consensus.sign,
        timing: {
          ...DEFAULT_TIMING,
          heartbeatMs: consensus.heartbeatMs,
          electionTimeoutMinMs: consensus.electionTimeoutMinMs,
          electionTimeoutMaxMs: consensus.electionTimeoutMaxMs,
        },
      },
      {
        certified: { block: ledger.block(ledger.head.hash) as Block, commitCert: ledger.head.commitCert },
        uncommitted: ledger.restored.uncommitted,
        leaderCerts: ledger.restored.leaderCerts,
        certifiedHashAt: (height) => ledger.block(height as Height)?.hash,
        signState: saved === undefined ? EMPTY_SIGN_STATE : decodeSignState(saved),
      },
    )
    const runtime = new Runtime({
      state,
      validators,
      self,
      ledger,
      mempool,
      signStateFile,
      transport,
      clock,
      log,
      batchDelayMs: consensus.batchDelayMs,
      fetchRun,
      onCommit,
      onFatal,
      onHeardLeader: () => freshness.heard(),
      onRole(role, term: Term, leader) {
        const member = leader === null ? undefined : validators.members[leader]
        standing.term = term
        standing.leader = member?.institution ?? null
        log.info({ role, term, leader: standing.leader }, 'role changed')
        if (leader === null) readiness.add('NO_LEADER')
        else readiness.delete('NO_LEADER')
        freshness.leading(role === 'leader')
        forwarder.leaderChanged(member?.transportKey ?? null, { self: role === 'leader' })
      },
    })
    readiness.add('NO_LEADER')
    transactionsArrived = () => runtime.transactionsArrived()
    transport.onPeerChange((peer, change) => runtime.peerChanged(peer, change))
    transport.onMessage((peer, channel, message) => {
      if (channel === 'consensus') return runtime.receive(peer, message)
      return guarded(log, peer, () => acceptBatch(message))
    })
    transport.subscribe(
      'transactions',
      { maxBytes: GOSSIP_BATCH_BYTES_MAX, validate: () => 'accept' },
      (source, message) => guarded(log, source, () => acceptBatch(message)),
    )
    headers.listen(() => undefined)
    closers.push(() => runtime.stop())
    await transport.start()
    closers.push(() => transport.stop())
    runtime.start()
  } else {
    const observer = new Observer({
      ledger,
      verifier,
      peers: () => transport.connectedPeers(),
      fetchRun,
      onCommit,
      onFatal,
      log,
    })
    readiness.add('SYNCING')
    transport.onPeerChange((_peer, change) => change === 'connected' && observer.catchUp())
    transport.onMessage(() => undefined)
    headers.listen(() => observer.catchUp())
    closers.push(() => observer.stop())
    await transport.start()
    closers.push(() => transport.stop())
  }
  transport.setPeers(knownPeers({ config, loaded, membership, self: keys.transport.publicKey }))
  status.start()

  // 8 the door for clients
  const metrics = new Registry()
  registerMetrics(metrics, { ledger, mempool, transport, standing: () => standing, freshness })
  const rpc: RpcServer = await startRpcServer({
    version: VERSION,
    listen: { ...config.rpc, tls: config.rpc.tls && readTls(config.rpc.tls) },
    services: createRpcServices({
      genesis: loaded.signed,
      institution: keys.institution,
      role: config.role,
      ledger,
      mempool,
      transport,
      submissions,
      reads: new Reads({ ledger, sender, clock }),
      feed,
      freshness,
      metrics,
      clock,
      log,
      standing: () => standing,
      readiness: () => [...readiness, ...(freshness.isFresh() ? [] : ['STALE'])],
      desk: gateway,
    }),
  })
  closers.push(() => rpc.close())
  readiness.delete('STARTING')
  log.info({ rpc: rpc.url, p2p: transport.addresses() }, 'node started')
  return { rpcUrl: rpc.url, p2pAddresses: transport.addresses(), failed: failure.promise, stop: close }
}

/** A malformed message is its sender's fault: named, dropped, and the node goes on. */
function guarded(log: Log, peer: PublicKey, handle: () => void): void {
  try {
    handle()
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error
    log.warn({ peer, field: error.path, reason: error.reason }, 'malformed message')
  }
}

function knownPeers(options: {
  config: Config
  loaded: LoadedGenesis
  membership: Membership
  self: PublicKey
}): readonly KnownPeer[] {
  const { config, loaded, membership, self } = options
  const configured = new Map(
    [...config.p2p.peers, ...config.p2p.bootstrap].map((peer) => [peer.transportKey, peer.addresses]),
  )
  const keys = new Set<string>([...membership.members, ...configured.keys()])
  keys.delete(self)
  return [...keys].map((key) => {
    const transportKey = key as PublicKey
    return { transportKey, addresses: configured.get(key) ?? loaded.addresses.get(transportKey) ?? [] }
  })
}

function touchesRegistry(ledger: Ledger, blocks: readonly Block[]): boolean {
  return blocks.some(({ header }) =>
    ledger
      .receipts(header.height)
      ?.some(({ calls }) =>
        calls.some(({ events }) =>
          events.some(({ contract, name }) => contract === 'registry' && KEY_EVENTS.has(name)),
        ),
      ),
  )
}

const KEY_EVENTS = new Set(['KeyAdded', 'KeyRevoked', 'Suspended', 'Reinstated'])

function readTls(tls: NonNullable<Config['rpc']['tls']>) {
  return {
    certificate: readFileSync(tls.certificate),
    key: readFileSync(tls.key),
    clientAuthority: readFileSync(tls.clientAuthority),
  }
}
