// The composition root: opens everything, wires it, closes it. The only place where all floors meet. Things open in the
// order of `open`, and close in reverse.

import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import type { Verifier } from '../consensus/certificate.ts'
import { verify } from '../crypto/ed25519.ts'
import type { Ledger } from '../ledger/ledger.ts'
import { openLevelStore } from '../ledger/level-store.ts'
import { openLedger } from '../ledger/open-ledger.ts'
import { Libp2pTransport } from '../p2p/libp2p-transport.ts'
import { SYNC_PROTOCOL, type Transport } from '../p2p/transport.ts'
import { startRpcServer } from '../rpc/server.ts'
import type { Block } from '../types/block.ts'
import type { PublicKey } from '../types/brand.ts'
import type { CommitCert } from '../types/certificate.ts'
import { RELEASE_STALE_MS } from '../types/limits.ts'
import { quorum } from '../types/validator-set.ts'
import { type FetchRun, fetchRunFrom, RUN_REQUEST_BYTES_MAX, serveRun } from './certified-run.ts'
import { systemClock } from './clock.ts'
import { CommitFeed } from './commit-feed.ts'
import type { Config } from './config.ts'
import { Freshness } from './freshness.ts'
import { type LoadedGenesis, loadGenesis } from './genesis-file.ts'
import { HeaderGossip } from './header-gossip.ts'
import { InstitutionGateway } from './institution-gateway.ts'
import { InstitutionSender } from './institution-sender.ts'
import { Intake } from './intake.ts'
import { loadKeyFile, type NodeKeys } from './key-file.ts'
import type { Log } from './log.ts'
import { Membership, touchesMembership } from './membership.ts'
import { registerMetrics } from './metrics.ts'
import { Observer } from './observer.ts'
import { knownPeers } from './peers.ts'
import { Reads } from './reads.ts'
import { createRpcServices } from './rpc-services.ts'
import { Standing } from './standing.ts'
import { StartError } from './start-error.ts'
import { StatusGossip } from './status-gossip.ts'
import { openValidator } from './validator.ts'
import { VERSION } from './version.ts'

const SYNC_CONCURRENCY = 8

export interface RunningNode {
  readonly rpcUrl: string
  readonly p2pAddresses: readonly string[]
  /** Settles when the node must not go on: with the reason. */
  readonly failed: Promise<unknown>
  stop(): Promise<void>
}

/** Undoes what was opened, last first; a failure of one does not keep the others open. */
class Closers {
  readonly #closers: (() => unknown)[] = []
  add(closer: () => unknown): void {
    this.#closers.push(closer)
  }
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (const closer of this.#closers.splice(0).reverse()) {
      try {
        await closer()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }
}

export async function startNode(config: Config, log: Log): Promise<RunningNode> {
  const keys = loadKeyFile(config.keys)
  const loaded = loadGenesis(config.genesis, { complete: true })
  checkIdentity({ config, keys, loaded })
  createDataFolder(config.dataFolder)
  const closers = new Closers()
  try {
    return await open({ config, log, keys, loaded, closers })
  } catch (error) {
    await closers.close()
    throw error
  }
}

interface Opening {
  readonly config: Config
  readonly log: Log
  readonly keys: NodeKeys
  readonly loaded: LoadedGenesis
  readonly closers: Closers
}

async function open({ config, log, keys, loaded, closers }: Opening): Promise<RunningNode> {
  const clock = systemClock
  const { genesis, chainId, validators } = loaded
  const failure = Promise.withResolvers<unknown>()
  const onFatal = (error: unknown): void => {
    log.fatal({ error }, 'the node stops: it must not go on like this')
    failure.resolve(error)
  }

  // 1 the ledger
  const store = await openLevelStore(join(config.dataFolder, 'ledger'))
  closers.add(() => store.close())
  const ledger = await openLedger({ store, genesis })
  log.info({ chainId, height: ledger.head.header.height, stateRoot: ledger.head.header.stateRoot }, 'ledger open')

  // 2 the way to the peers, and who may connect
  const bootstrap = config.p2p.bootstrap.map(({ transportKey }) => transportKey as PublicKey)
  const membership = new Membership({ ledger, clock, bootstrap })
  const transport = new Libp2pTransport({
    chainId,
    seed: keys.transport.seed,
    listen: [config.p2p.listen],
    allow: membership.classify,
    logger: log,
    onRefused: (peer, reason) => log.info({ peer, reason }, 'connection refused'),
    onMisbehaviour: (peer, what) => log.warn({ peer, what }, 'peer misbehaved'),
  })
  const serve = async (_peer: PublicKey, message: Uint8Array) => serveRun(ledger, message)
  transport.handleRequests(SYNC_PROTOCOL, serve, {
    maxRequestBytes: RUN_REQUEST_BYTES_MAX,
    concurrency: SYNC_CONCURRENCY,
  })

  // 3 transactions on their way
  const intake = new Intake({ ledger, transport, clock, log })
  closers.add(() => intake.stop())
  const sender = new InstitutionSender(keys, { ledger, submissions: intake.submissions, clock })

  // 4 what everybody hears
  const verifier: Verifier = {
    chainId,
    set: validators,
    verify: (key, message, signature) => verify(Uint8Array.fromHex(key), message, signature),
  }
  const freshness = new Freshness({ clock, quorum: quorum(validators), windowMs: RELEASE_STALE_MS })
  const standing = new Standing({ validators, freshness })
  const headers = new HeaderGossip({ transport, ledger, verifier, log })
  const status = new StatusGossip({ transport, keys, ledger, clock, freshness, validators, log })
  closers.add(() => headers.stop())
  closers.add(() => status.stop())

  // 5 what follows a commit
  const feed = new CommitFeed()
  const setPeers = (): void => transport.setPeers(knownPeers({ config, loaded, membership, self: transport.self }))
  feed.subscribe((blocks, certificate) => {
    intake.onCommit(blocks)
    freshness.certified(ledger.head.header.timeMs)
    if (standing.leader === keys.institution) headers.publish(blocks, certificate)
    if (!touchesMembership(ledger, blocks)) return
    membership.refresh()
    transport.recheck()
    setPeers()
  })

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
  closers.add(() => gateway.close())

  // 7 consensus, or following it
  const onCommit = (blocks: readonly Block[], certificate: CommitCert): void => feed.publish(blocks, certificate)
  const following = {
    ledger,
    transport,
    clock,
    log,
    standing,
    freshness,
    headers,
    intake,
    verifier,
    fetchRun: fetchRunFrom(transport),
    onCommit,
    onFatal,
    closers,
  }
  closers.add(() => transport.stop())
  if (config.role === 'validator') await startValidator({ ...following, config, keys })
  else await startObserver(following)
  setPeers()
  status.start()

  // 8 the door for clients
  const metrics = new Registry()
  registerMetrics(metrics, { ledger, mempool: intake.mempool, transport, standing, freshness })
  const rpc = await startRpcServer({
    version: VERSION,
    listen: { ...config.rpc, tls: config.rpc.tls && readTls(config.rpc.tls) },
    services: createRpcServices({
      genesis: loaded.signed,
      institution: keys.institution,
      role: config.role,
      ledger,
      mempool: intake.mempool,
      transport,
      submissions: intake.submissions,
      reads: new Reads({ ledger, sender, clock }),
      feed,
      freshness,
      standing,
      desk: gateway,
      metrics,
      clock,
      log,
    }),
  })
  closers.add(() => rpc.close())
  standing.reached('STARTING')
  log.info({ rpc: rpc.url, p2p: transport.addresses() }, 'node started')
  return {
    rpcUrl: rpc.url,
    p2pAddresses: transport.addresses(),
    failed: failure.promise,
    stop: () => closers.close(),
  }
}

interface Following {
  readonly ledger: Ledger
  readonly transport: Transport
  readonly clock: typeof systemClock
  readonly log: Log
  readonly standing: Standing
  readonly freshness: Freshness
  readonly headers: HeaderGossip
  readonly intake: Intake
  readonly verifier: Verifier
  readonly fetchRun: FetchRun
  readonly onCommit: (blocks: readonly Block[], certificate: CommitCert) => void
  readonly onFatal: (error: unknown) => void
  readonly closers: Closers
}

/** Handlers stand before the transport starts; the core runs only after, and stops before. */
async function startValidator(parts: Following & { config: Config; keys: NodeKeys }): Promise<void> {
  const { keys, transport, standing, freshness, intake, headers, log } = parts
  if (keys.consensus === null) throw new StartError('role: validator, but the key file has no consensus key')
  const { runtime, stop } = await openValidator({
    ...parts,
    mempool: intake.mempool,
    consensusKey: keys.consensus,
    onHeardLeader: () => freshness.heardLeader(),
    onInadmissible: (transactionId, code) => intake.submissions.onInadmissible(transactionId, code),
    onRole(role, term, leader) {
      const leaderKey = standing.roleChanged(role, { term, leader })
      intake.forwarder.leaderChanged(leaderKey, { self: role === 'leader' })
      log.info({ role, term, leader: standing.leader }, 'role changed')
    },
  })
  parts.closers.add(stop)
  standing.waitFor('NO_LEADER')
  intake.onArrival = () => runtime.transactionsArrived()
  intake.listenToGossip(transport)
  headers.listen(() => undefined)
  transport.onPeerChange((peer, change) => runtime.peerChanged(peer, change))
  transport.onMessage((peer, channel, message) => {
    if (channel === 'consensus') return runtime.receive(peer, message)
    intake.receive(peer, message)
    return undefined
  })
  await transport.start()
  runtime.start()
}

async function startObserver(parts: Following): Promise<void> {
  const { transport, standing, headers } = parts
  const observer = new Observer({
    ...parts,
    peers: () => transport.connectedPeers(),
    onCaughtUp: () => standing.reached('SYNCING'),
  })
  parts.closers.add(() => observer.stop())
  standing.waitFor('SYNCING')
  headers.listen((height) => observer.heard(height))
  transport.onPeerChange((_peer, change) => change === 'connected' && observer.catchUp())
  transport.onMessage(() => undefined)
  await transport.start()
}

function checkIdentity({ config, keys, loaded }: Pick<Opening, 'config' | 'keys' | 'loaded'>): void {
  const founder = loaded.genesis.founders.find(({ institution }) => institution === keys.institution)
  if (founder === undefined) {
    throw new StartError(`${config.keys}: the genesis names no institution with this id`)
  }
  const isOwn =
    founder.signingKey === keys.signing.publicKey &&
    founder.encryptionKey === keys.encryption.publicKey &&
    founder.transportKey === keys.transport.publicKey
  if (!isOwn) {
    throw new StartError(`${config.keys}: not the keys that the genesis names for this institution`)
  }
  if (config.role === 'validator' && (keys.consensus === null || founder.consensusKey !== keys.consensus.publicKey)) {
    throw new StartError('role: validator, but the genesis has no validator with this consensus key; expected observer')
  }
}

function createDataFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
  } catch (error) {
    throw new StartError(`dataFolder: ${folder} cannot be made: ${(error as NodeJS.ErrnoException).code}`)
  }
}

function readTls(tls: NonNullable<Config['rpc']['tls']>) {
  return {
    certificate: readFileSync(tls.certificate),
    key: readFileSync(tls.key),
    clientAuthority: readFileSync(tls.clientAuthority),
  }
}
