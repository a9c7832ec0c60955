// The composition root: opens everything, wires it, closes it. The only place where all floors meet. Things open in the
// order of `open`, and close in reverse.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { canonicalWire, type MessageWire } from '../consensus/messages.ts'
import { openLevelStore } from '../ledger/level-store.ts'
import { holdsLedger, openLedger } from '../ledger/open-ledger.ts'
import { Libp2pTransport } from '../p2p/libp2p-transport.ts'
import { startRpcServer } from '../rpc/server.ts'
import type { PublicKey } from '../types/brand.ts'
import { type Clock, systemClock, systemTimers } from './clock.ts'
import type { Config } from './config.ts'
import { registerConsensusMetrics } from './consensus-metrics.ts'
import { EvidenceFiles } from './evidence-files.ts'
import { EvidenceReporter } from './evidence-reporter.ts'
import { startWithoutLedger } from './first-ledger.ts'
import { type LoadedGenesis, loadGenesis } from './genesis-file.ts'
import { InstitutionGateway } from './institution-gateway.ts'
import { InstitutionSender } from './institution-sender.ts'
import { consensusKeysOf, loadKeyFile, type NodeKeys, presentKeyOf } from './key-file.ts'
import type { Log } from './log.ts'
import { makeFolder } from './make-folder.ts'
import { Membership } from './membership.ts'
import { registerMetrics } from './metrics.ts'
import { openSigningRight } from './open-signing-right.ts'
import { createParticipant } from './participant.ts'
import { knownPeers } from './peers.ts'
import { Reads } from './reads.ts'
import { checkRegistration } from './registration.ts'
import { createRpcServices } from './rpc-services.ts'
import type { RunningNode } from './running-node.ts'
import { adoptSnapshot, snapshotFolderIn } from './snapshot-folder.ts'
import { createSparingLog } from './sparing-log.ts'
import { StartError } from './start-error.ts'
import { VERSION } from './version.ts'

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

export async function startNode(
  config: Config,
  log: Log,
  { clock = systemClock, wire = canonicalWire }: { clock?: Clock; wire?: MessageWire } = {},
): Promise<RunningNode> {
  const keys = loadKeyFile(config.keys)
  const loaded = loadGenesis(config.genesis, { complete: true })
  createDataFolder(config.dataFolder)
  const closers = new Closers()
  try {
    return await open({ config, log: createSparingLog(log), clock, wire, keys, loaded, closers })
  } catch (error) {
    await closers.close().catch((closing: unknown) => log.error({ error: closing }, 'not everything closed'))
    throw error
  }
}

interface Opening {
  readonly config: Config
  readonly log: Log
  readonly clock: Clock
  readonly wire: MessageWire
  readonly keys: NodeKeys
  readonly loaded: LoadedGenesis
  readonly closers: Closers
}

async function open({ config, log, clock, wire, keys, loaded, closers }: Opening): Promise<RunningNode> {
  const { genesis, chainId } = loaded
  const failure = Promise.withResolvers<unknown>()
  const outdated = Promise.withResolvers<void>()
  let hasFailed = false
  const onFatal = (error: unknown): void => {
    hasFailed = true
    log.fatal({ error }, 'the node stops: it must not go on like this')
    failure.resolve(error)
  }

  // 1 the ledger
  if (adoptSnapshot(config.dataFolder)) log.info('the ledger is replaced by the snapshot that was fetched')
  const store = await openLevelStore(join(config.dataFolder, 'ledger'))
  if (genesis.predecessor && !holdsLedger(store)) {
    await store.close()
    return startWithoutLedger({ config, loaded, keys, log, place: snapshotFolderIn(config.dataFolder) })
  }
  closers.add(() => store.close())
  const ledger = await openLedger({ store, genesis })
  checkRegistration({ config, keys, ledger, clock, log })
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

  // 3 the part in the consortium; it starts last, when all that answers peers stands
  const key = presentKeyOf(keys, ledger.validators)?.publicKey ?? null
  if (config.role === 'validator' && key === null) {
    throw new StartError(`role: validator, but ${config.keys} has no consensus key; expected observer`)
  }
  const signingRight = await openSigningRight({ config, key, ledger, log })
  const setPeers = (): void => transport.setPeers(knownPeers({ config, loaded, membership, self: transport.self }))
  const participant = createParticipant({
    genesis: loaded,
    keys,
    timing: config.consensus,
    ledger,
    signingRight,
    laterSeats: {
      consensusKeys: () => consensusKeysOf(loadKeyFile(config.keys)),
      open: ({ publicKey }) => openSigningRight({ config, key: publicKey, ledger, log }),
    },
    membership,
    transport,
    wire,
    clock,
    timers: systemTimers,
    log,
    evidenceStore: new EvidenceFiles(join(config.dataFolder, 'evidence')),
    snapshots: { place: snapshotFolderIn(config.dataFolder), behindMin: config.snapshot.behindBlocks },
    onSnapshot: () => outdated.resolve(),
    onMembers: setPeers,
    onFatal,
  })
  closers.add(() => participant.release())
  const { intake, feed, freshness, standing, reports, consensus, evidence } = participant
  const sender = new InstitutionSender(keys, { ledger, submissions: intake.submissions, clock })

  // 4 the institution's own desk: vault, index, releases
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
  const reporter = new EvidenceReporter({
    pool: evidence,
    ledger,
    institution: keys.institution,
    send: (calls) => sender.send(calls),
    clock,
    timers: systemTimers,
    log,
  })
  closers.add(() => participant.stop())
  closers.add(() => reporter.stop())
  closers.add(() => gateway.stop())
  await participant.start()
  gateway.start(systemTimers)
  reporter.start()
  setPeers()

  // 5 the door for clients
  const metrics = new Registry()
  registerMetrics(metrics, { ledger, mempool: intake.mempool, transport, standing, freshness, evidence, membership })
  registerConsensusMetrics(metrics, { ...participant, clock })
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
      reports,
      desk: gateway,
      consensus,
      evidence,
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
    outdated: outdated.promise,
    stop: () =>
      closers.close().catch((error: unknown) => {
        // What made the node stop is the news, not what then could not be closed.
        if (!hasFailed) throw error
        log.error({ error }, 'not everything closed')
      }),
  }
}

function createDataFolder(folder: string): void {
  try {
    makeFolder(folder)
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
