// A validator is away while everybody whom it knows becomes somebody whom it does not: new transport keys, new validators.

import { afterEach, describe, expect, it } from 'vitest'
import { newSeed, signingKey } from '../../src/node/key-file.ts'
import type { PublicKey } from '../../src/types/brand.ts'
import type { Call } from '../../src/types/transaction.ts'
import { enrolPatient, InProcessConsortium, type InProcessNode, newId, until } from './in-process-consortium.ts'

const TRANSPORT_KEY_ID = 2
let consortium: InProcessConsortium

afterEach(() => consortium.stop())

const registry = (method: string, ...args: Call['args']): Call => ({ contract: 'registry', method, args })

/** With overlap, as an operator does: registered, the node started with it, the old one revoked. */
async function rotateTransportKey(node: InProcessNode, others: readonly InProcessNode[]): Promise<PublicKey> {
  const seed = newSeed()
  const { publicKey } = signingKey(seed)
  const institution = Uint8Array.fromHex(node.keys.institution)
  await node.commit([registry('addKey', institution, 'transport', Uint8Array.fromHex(publicKey))])
  await consortium.converge([node, ...others])
  await node.stop()
  node.keys = { ...node.keys, transport: { publicKey, seed: Uint8Array.fromHex(seed) } }
  await node.start()
  await node.commit([registry('revokeKey', institution, TRANSPORT_KEY_ID)])
  await consortium.converge([node, ...others])
  return publicKey
}

describe('a validator that comes back when every peer has another transport key', () => {
  it('is shown who they are, catches up from them, and signs with them again', async () => {
    consortium = new InProcessConsortium({ validators: 4 })
    await consortium.start()
    const [a, b, c, away] = consortium.nodes as [InProcessNode, InProcessNode, InProcessNode, InProcessNode]
    await a.commit([enrolPatient(newId())])
    await consortium.converge(consortium.nodes)
    await away.stop()
    for (const node of [a, b, c])
      await rotateTransportKey(
        node,
        [a, b, c].filter((other) => other !== node),
      )

    await away.start()
    expect([a, b, c].map(({ self }) => away.running.membership.institutionOf(self))).toEqual([null, null, null])
    await until(() => away.height === a.height, 'the node that was away to have caught up')
    await until(() => away.isSigning, 'it to sign')
    expect(away.running.membership.introduced).toBe(0)
    expect(away.running.membership.classify(a.self)).toBe('member')

    // Three of four are needed, and there are three: its acks count.
    await c.stop()
    await a.commit([enrolPatient(newId())])
    await until(() => away.height === a.height, 'the block that it signed')
  })
})
