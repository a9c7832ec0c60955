// The consortium under test: the validators of the devnet, each a process of its own, and people to make requests about.
// Everything goes through the public RPC.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '../../src/client/client.ts'
import type { NamedCall } from '../../src/client/interfaces.ts'
import type { Signer } from '../../src/client/signer.ts'
import { randomBytes } from '../../src/crypto/random.ts'
import { type Devnet, type DevnetMember, hospitals, layOut, memberNamed } from '../../src/devnet/layout.ts'
import { NodeProcess } from '../../src/devnet/node-process.ts'
import { eventually } from '../../src/devnet/sleep.ts'
import { saveGenesis } from '../../src/node/genesis-file.ts'
import { createPersonFile } from '../../src/node/person-file.ts'
import { type DelayedLink, delayedLink } from './delayed-links.ts'

export interface NetworkOptions {
  readonly validators: number
  readonly patients: number
  readonly practitioners: number
  /** Added to every message between nodes. */
  readonly delayMs?: number
  /** Where each node leaves a CPU profile when it stops, in a folder of its name. */
  readonly profileFolder: string | null
  readonly onProgress: (text: string) => void
}

/** Records lie with the one, practitioners work for the other. */
export const CUSTODIAN = 'hospital-a'
export const REQUESTER = 'hospital-b'
/** Observes, and may read the log. */
export const REGULATOR = 'regulator'

/** Calls that one signature covers, at most. */
const CALLS_MAX = 256
/** Much longer than an election takes. */
const LEADER_MS = 20_000
/** Shorter than the default of 1 ms: what costs 50 µs a transaction is to be seen. */
const PROFILE_INTERVAL_US = 500

export interface Network {
  readonly devnet: Devnet<string>
  readonly nodes: readonly NodeProcess[]
  readonly patients: readonly string[]
  /** Key files. */
  readonly practitioners: readonly string[]
  leader(): Promise<string>
  stop(): Promise<void>
}

export async function startNetwork(options: NetworkOptions): Promise<Network> {
  const folder = mkdtempSync(join(tmpdir(), 'assent-bench-'))
  const devnet = await layOut(join(folder, 'consortium'), hospitals(options.validators), {
    fhir: { masterIdentifierSystem: 'urn:assent:mrn', timeZone: 'UTC' },
  })
  const links = await delayLinks(devnet, options.delayMs ?? 0)
  const nodes = devnet.members
    .filter(({ role }) => role === 'validator')
    .map((member) => new NodeProcess(member, { nodeArgs: profileArgs(member, options.profileFolder) }))
  const stop = async (): Promise<void> => {
    await Promise.all(nodes.map((node) => node.stop()))
    await Promise.all(links.map((link) => link.close()))
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    options.onProgress(`starting ${nodes.length} validators`)
    for (const node of nodes) node.start()
    await Promise.all(nodes.map((node) => node.ready()))
    options.onProgress(`enrolling ${options.practitioners} practitioners and ${options.patients} patients`)
    const practitioners = await enrollPractitioners(devnet, options.practitioners)
    const patients = await enrollPatients(devnet, options.patients)
    return { devnet, nodes, patients, practitioners, leader: () => leaderOf(devnet), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Every node behind a proxy; the genesis file says where. */
async function delayLinks(
  { genesis, genesisFile, members }: Devnet<string>,
  delayMs: number,
): Promise<readonly DelayedLink[]> {
  if (delayMs === 0) return []
  const links = await Promise.all(
    members.map(async ({ p2pAddress, keys }) => {
      const [, port = ''] = /\/tcp\/(\d+)$/.exec(p2pAddress) ?? []
      const link = await delayedLink(Number(port), delayMs)
      return { link, address: [keys.transport.publicKey, [p2pAddress.replace(/\d+$/, String(link.port))]] as const }
    }),
  )
  saveGenesis(genesisFile, genesis.signed, new Map(links.map(({ address }) => address)))
  return links.map(({ link }) => link)
}

function profileArgs({ name }: DevnetMember<string>, profileFolder: string | null): readonly string[] {
  if (profileFolder === null) return []
  const folder = join(profileFolder, name)
  const cpu = ['--cpu-prof', `--cpu-prof-interval=${PROFILE_INTERVAL_US}`, `--cpu-prof-dir=${folder}`]
  return [...cpu, '--heap-prof', `--heap-prof-dir=${folder}`]
}

export const institutionSigner = ({ keys }: DevnetMember<string>): Signer => ({
  identity: keys.institution,
  keyId: 0,
  sign: keys.signing.sign,
})

async function enrollPractitioners(devnet: Devnet<string>, count: number): Promise<readonly string[]> {
  const people = join(devnet.folder, 'people')
  mkdirSync(people, { mode: 0o700 })
  const files = Array.from({ length: count }, (_, i) => join(people, `practitioner-${i}.json`))
  const calls = files.map((file) => {
    const { identity, signing, encryption } = createPersonFile(file)
    return {
      contract: 'registry',
      method: 'enrollPractitioner',
      args: {
        practitioner: identity,
        roles: ['physician'],
        signing: signing.publicKey,
        encryption: encryption.publicKey,
      },
    }
  })
  await act(devnet, REQUESTER, calls)
  return files
}

/** Each with one consent that permits treatment, for which the custodian vouches. */
async function enrollPatients(devnet: Devnet<string>, count: number): Promise<readonly string[]> {
  const patients = Array.from({ length: count }, () => randomBytes(32).toHex())
  const custodian = memberNamed(devnet, CUSTODIAN).keys.institution
  const enrolments = patients.map((patient) => ({
    contract: 'registry',
    method: 'enrollPatient',
    args: { patient, signing: null, encryption: null },
  }))
  const consents = patients.map((patient) => ({
    contract: 'consent',
    method: 'register',
    args: {
      consent: randomBytes(32).toHex(),
      patient,
      custodian,
      delegation: null,
      document: randomBytes(32).toHex(),
      limits: null,
      recorder: custodian,
      clauses: [{ type: 'permit', recipients: [], purposes: ['TREAT'], from: null, to: null, limited: false }],
    },
  }))
  await act(devnet, CUSTODIAN, enrolments)
  await act(devnet, CUSTODIAN, consents)
  return patients
}

/** In the institution's name; all of them must succeed. */
async function act(devnet: Devnet<string>, name: string, calls: readonly NamedCall[]): Promise<void> {
  const member = memberNamed(devnet, name)
  // The custodian's node, which always runs: not every institution has one here.
  const client = connect({ url: memberNamed(devnet, CUSTODIAN).rpcUrl, genesis: devnet.genesis.signed })
  for (let at = 0; at < calls.length; at += CALLS_MAX) {
    const receipt = await client.submit(calls.slice(at, at + CALLS_MAX), { signer: institutionSigner(member) })
    const refused = receipt.calls.find(({ status }) => status === 'refused')
    if (refused) throw new Error(`set-up: ${refused.contract}.${refused.method} refused: ${refused.code}`)
  }
}

/** As any of the validators sees it; there may be none for a moment. */
async function leaderOf(devnet: Devnet<string>): Promise<string> {
  let name: string | undefined
  await eventually(
    async () => {
      for (const { role, rpcUrl } of devnet.members) {
        if (role !== 'validator' || name !== undefined) continue
        const { leader } = await connect({ url: rpcUrl, genesis: devnet.genesis.signed }).nodeStatus()
        name = devnet.members.find(({ keys }) => keys.institution === leader)?.name
      }
      return name !== undefined
    },
    { withinMs: LEADER_MS },
  )
  if (name === undefined) throw new Error('the validators know no leader')
  return name
}
