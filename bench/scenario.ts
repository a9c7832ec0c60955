// The paper's mix: routine access 80 %, consent changes 10 %, break-glass 5 %, reads of the audit log 5 %, four institutions,
// thousands of patients. How long each takes, whether all of it is served, whether everybody has the same chain afterwards, and
// how soon a revocation is enforced everywhere.

import { type Client, connect } from '../src/client/client.ts'
import { randomBytes } from '../src/crypto/random.ts'
import { memberNamed } from '../src/devnet/layout.ts'
import { percentiles } from '../src/devnet/percentiles.ts'
import { eventually } from '../src/devnet/sleep.ts'
import { loadPersonFile } from '../src/node/person-file.ts'
import { measureAccess, round, setupOf, withNetwork } from './harness/access-load.ts'
import type { Kind, Mix } from './harness/load-plan.ts'
import { CUSTODIAN, institutionSigner, type Network, REQUESTER } from './harness/network.ts'
import type { BenchOptions, Group, Question } from './harness/question.ts'

const MIX: Mix = { routine: 0.8, consentChange: 0.1, breakGlass: 0.05, auditRead: 0.05 }
const KINDS: readonly Kind[] = ['routine', 'consentChange', 'breakGlass', 'auditRead']
const PATIENTS = 2_000
const REVOCATIONS = 20
const SETTLE_MS = 10_000

export const scenario: Question = {
  name: 'scenario',
  question: "How does the paper's mix of access, consent changes, break-glass and audit reads fare?",
  async run(options) {
    const { answer, violations, enforced } = await withNetwork({ ...options, patients: PATIENTS }, async (network) => {
      const arrival = { kind: 'open', perSecond: options.rate } as const
      const answer = await measureAccess(network, options, { arrival, callsPerTransaction: 1, mix: MIX })
      const enforced = await revocations(network, options)
      return { answer, violations: await violationsIn(network), enforced }
    })
    const { samples, failures } = answer.measured
    const kinds = Object.fromEntries(
      KINDS.map((kind): [string, Group] => {
        const waits = samples.filter((each) => each.kind === kind).map(({ dueMs, doneMs }) => doneMs - dueMs)
        const { p50, p95, p99 } = percentiles(waits)
        return [kind, { done: waits.length, p50Ms: p50, p95Ms: p95, p99Ms: p99 }]
      }),
    )
    const { p50, p95, p99 } = percentiles(enforced)
    return {
      setup: `${setupOf({ ...options, patients: PATIENTS })}; open load of ${options.rate} requests a second: ${KINDS.map((kind) => `${words(kind)} ${MIX[kind] * 100} %`).join(', ')}. An audit read is answered after it is on the chain. Afterwards ${REVOCATIONS} consents are revoked, each timed from its receipt until the last node refuses a new request. Integrity: all validators come to one head and one state, and every receipt of the load was verified under it`,
      figures: {
        keptPerSecond: answer.callsPerSecond,
        reliabilityPercent: round((100 * samples.length) / Math.max(1, samples.length + failures.length)),
        integrityViolations: violations,
        revokeToEnforcedMs: { p50, p95, p99 },
        ...kinds,
      },
      series: answer.series,
      notes: failures.length === 0 ? [] : [{ title: 'failed', lines: [...new Set(failures)].slice(0, 10) }],
    }
  },
}

const words = (kind: Kind): string => kind.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)

const clientsOf = ({ nodes, devnet }: Network): readonly Client[] =>
  nodes.map(({ member }) => connect({ url: member.rpcUrl, genesis: devnet.genesis.signed }))

/** ms from the receipt of a revocation until every node has refused, on its own, what it permitted before. */
async function revocations(network: Network, { onProgress }: BenchOptions): Promise<readonly number[]> {
  onProgress(`${REVOCATIONS} revocations`)
  const { devnet } = network
  const clients = clientsOf(network)
  const custodian = memberNamed(devnet, CUSTODIAN)
  const requester = memberNamed(devnet, REQUESTER).keys
  const { identity, signing } = loadPersonFile(network.practitioners[0] as string)
  const practitioner = { identity, keyId: 0, sign: signing.sign }
  const signer = institutionSigner(custodian)
  const took: number[] = []
  for (let i = 0; i < REVOCATIONS; i++) {
    const patient = randomBytes(32).toHex()
    const consent = randomBytes(32).toHex()
    const permit = { type: 'permit', recipients: [], purposes: ['TREAT'], from: null, to: null, limited: false }
    const terms = { delegation: null, document: randomBytes(32).toHex(), limits: null, clauses: [permit] }
    const { institution } = custodian.keys
    const register = { consent, patient, custodian: institution, recorder: institution, ...terms }
    const client = clients[i % clients.length] as Client
    await client.submit(
      [
        { contract: 'registry', method: 'enrollPatient', args: { patient, signing: null, encryption: null } },
        { contract: 'consent', method: 'register', args: register },
      ],
      { signer },
    )
    const request = {
      contract: 'access',
      method: 'request',
      args: {
        patient,
        custodian: institution,
        practitioner: identity,
        role: 'physician',
        institution: requester.institution,
        purpose: 'TREAT',
        records: [],
        recipientKey: requester.encryption.publicKey,
        breakGlass: null,
      },
    }
    const outcomeAt = async (at: Client): Promise<string> => {
      const receipt = await at.submit([request], { signer: practitioner })
      const [{ value } = { value: null }] = receipt.calls
      return (value as { outcome: string } | null)?.outcome ?? 'no decision'
    }
    const before = await outcomeAt(client)
    if (before !== 'PERMIT') throw new Error(`before the revocation: ${before}`)
    await client.submit([{ contract: 'consent', method: 'revoke', args: { consent } }], { signer })
    const revokedMs = performance.now()
    const outcomes = await Promise.all(clients.map(outcomeAt))
    if (outcomes.some((outcome) => outcome !== 'DENY')) throw new Error(`after the revocation: ${outcomes.join(', ')}`)
    took.push(performance.now() - revokedMs)
  }
  return took
}

/** Certified head and the state under it. */
async function headOf(client: Client): Promise<string> {
  const { height, headHash, stateRoot } = await client.nodeStatus()
  return `${height} ${headHash} ${stateRoot}`
}

/** Nodes that do not come to the same head. */
async function violationsIn(network: Network): Promise<number> {
  const clients = clientsOf(network)
  let heads: readonly string[] = []
  const agree = async () => {
    heads = await Promise.all(clients.map(headOf))
    return new Set(heads).size === 1
  }
  await eventually(agree, { withinMs: SETTLE_MS, everyMs: 100 })
  return new Set(heads).size - 1
}
