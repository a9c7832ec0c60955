// 5 A node with an unknown key, an unregistered key, a forged signature, a replay, and a member without authority: each
// refused, none has an effect.

import { ClientError, isRefusal } from '../../client/errors.ts'
import { generateKeyPair, sign } from '../../crypto/ed25519.ts'
import { randomBytes } from '../../crypto/random.ts'
import { Libp2pTransport } from '../../p2p/libp2p-transport.ts'
import type { IdentityId } from '../../types/brand.ts'
import { toBytes } from '../../types/canonical.ts'
import { envelopeCodec } from '../../types/transaction.ts'
import { clausesFor } from '../cast.ts'
import { personSigner } from '../consortium.ts'
import { CUSTODIAN } from '../import-folder.ts'
import type { Scenario } from '../scenario.ts'
import { eventually } from '../sleep.ts'

export async function intruders(scenario: Scenario): Promise<void> {
  await unknownNode(scenario)
  await unregisteredKey(scenario)
  await forgedSignature(scenario)
  await replay(scenario)
  await withoutAuthority(scenario)
}

async function unknownNode({ consortium, checks }: Scenario): Promise<void> {
  const target = consortium.member('hospital-a')
  const before = await refusedConnections(target.rpcUrl)
  const quiet = { info: () => undefined, warn: () => undefined, debug: () => undefined, error: () => undefined }
  const stranger = new Libp2pTransport({
    chainId: consortium.devnet.genesis.chainId,
    seed: randomBytes(32),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    allow: () => 'member',
    logger: quiet,
  })
  await stranger.start()
  try {
    stranger.setPeers([{ transportKey: target.keys.transport.publicKey, addresses: [target.p2pAddress] }])
    const refused = await eventually(async () => (await refusedConnections(target.rpcUrl)) > before, {
      withinMs: 5_000,
    })
    const connected = stranger.connectedPeers().length
    checks.record('a node with an unknown key is refused at the handshake', refused && connected === 0)
  } finally {
    await stranger.stop()
  }
}

async function refusedConnections(rpcUrl: string): Promise<number> {
  const text = await (await fetch(`${rpcUrl}/metrics`)).text()
  return Number(/assent_p2p_total\{kind="refusedInbound"\} (\d+)/.exec(text)?.[1] ?? 0)
}

async function unregisteredKey({ consortium, checks }: Scenario): Promise<void> {
  const { seed } = generateKeyPair()
  const stranger = {
    identity: randomBytes(32).toHex() as IdentityId,
    keyId: 0,
    sign: (message: Uint8Array) => sign(seed, message),
  }
  const call = { contract: 'registry', method: 'enrollPatient', args: enrolment() }
  const reason = await refusalReason(() => consortium.call('hospital-a', stranger, call))
  checks.record('an unregistered key cannot submit', reason === 'UNKNOWN_SENDER', reason)
}

async function forgedSignature({ consortium, checks }: Scenario): Promise<void> {
  const client = consortium.client('hospital-a')
  const signed = client.sign([{ contract: 'registry', method: 'enrollPatient', args: enrolment() }] as never, {
    signer: consortium.institutionSigner('hospital-b'),
  })
  const signature = signed.signature.slice()
  signature[3] = (signature[3] as number) ^ 1
  const forged = { ...signed, signature, bytes: toBytes(envelopeCodec, [signed.unsignedBytes, signature]) }
  const reason = await refusalReason(() => client.submitSigned(forged))
  const { status } = await client.status(signed.id)
  checks.record(
    'a forged signature is refused and leaves nothing behind',
    reason === 'BAD_SIGNATURE' && status === 'UNKNOWN',
    `${reason}, then ${status}`,
  )
}

async function replay({ consortium, checks }: Scenario): Promise<void> {
  const signer = consortium.institutionSigner('hospital-c')
  const signed = consortium
    .client('hospital-c')
    .sign([{ contract: 'registry', method: 'enrollPatient', args: enrolment() }] as never, { signer })
  const first = await consortium.client('hospital-c').submitSigned(signed)
  const second = await consortium.client('laboratory').submitSigned(signed)
  const again = await consortium.client('laboratory').send(signed)
  const once = again.exists && first.height === second.height && first.index === second.index
  checks.record('a replayed transaction has one effect and the same receipt', once, `height ${first.height} both times`)
}

async function withoutAuthority({ consortium, checks, cast }: Scenario): Promise<void> {
  const patient = cast.withoutConsent
  const consent = randomBytes(32).toHex()
  const attempt = await consortium.call('hospital-c', consortium.institutionSigner('hospital-c'), {
    contract: 'consent',
    method: 'register',
    args: {
      consent,
      patient: patient.keys.identity,
      custodian: consortium.member(CUSTODIAN).keys.institution,
      delegation: null,
      document: randomBytes(32).toHex(),
      limits: null,
      recorder: consortium.member('hospital-c').keys.institution,
      clauses: clausesFor('permitted', Date.now()),
    },
  })
  const found = await consortium
    .client(CUSTODIAN)
    .signedQuery(
      { contract: 'consent', method: 'find', args: { patient: patient.keys.identity, consent } },
      { signer: personSigner(patient.keys), reason: 'ownData' },
    )
  checks.record(
    'a member cannot register a consent that it has no authority over',
    attempt.status === 'refused' && attempt.code === 'NOT_AUTHORIZED' && found.value === null,
    attempt.code,
  )
}

const enrolment = () => ({ patient: randomBytes(32).toHex(), signing: null, encryption: null })

/** The reason in a node's refusal, or what happened instead. */
async function refusalReason(attempt: () => Promise<unknown>): Promise<string> {
  try {
    await attempt()
    return 'accepted'
  } catch (error) {
    if (isRefusal(error, 'INVALID_TRANSACTION')) return error.refusal.reason ?? error.refusal.code
    return error instanceof ClientError ? error.code : (error as Error).message
  }
}
