import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Verifier } from '../consensus/certificate.ts'
import { verify } from '../crypto/ed25519.ts'
import { certify, chainId, createLedger, type Proposer, put, validators } from '../ledger/consortium.fixture.ts'
import type { Ledger } from '../ledger/ledger.ts'
import type { MemoryTransport } from '../p2p/memory-transport.ts'
import { type Block, signedHeaderCodec } from '../types/block.ts'
import type { Epoch, Hash, Height, Seat, Term } from '../types/brand.ts'
import { record, toBytes } from '../types/canonical.ts'
import { commitCertCodec } from '../types/certificate.ts'
import { blockHash } from '../types/signing.ts'
import { onlyEpoch } from '../types/validator-set.ts'
import { systemTimers } from './clock.ts'
import { HeaderGossip } from './header-gossip.ts'
import { quietLog, Wire } from './wire.test-support.ts'

const verifier: Verifier = {
  chainId,
  setOf: onlyEpoch(validators),
  verify: (key, message, signature) => verify(Uint8Array.fromHex(key), message, signature),
}
const codec = record({ header: signedHeaderCodec, certificate: commitCertCodec })
const encode = (block: Block, certificate = certify(block)): Uint8Array =>
  toBytes(codec, { header: { header: block.header, signature: block.signature }, certificate })

describe('gossip of certified headers', () => {
  let wire: Wire
  let sender: MemoryTransport
  let receiver: MemoryTransport
  let source: { ledger: Ledger; proposer: Proposer }
  let own: { ledger: Ledger; proposer: Proposer }
  let heard: number[]
  const gossips: HeaderGossip[] = []

  beforeEach(async () => {
    source = await createLedger()
    own = await createLedger()
    wire = new Wire()
    sender = wire.add('sender')
    receiver = wire.add('receiver')
    heard = []
    const gossip = new HeaderGossip({
      transport: receiver,
      ledger: own.ledger,
      verifier,
      timers: systemTimers,
      log: quietLog,
    })
    gossip.listen((height) => heard.push(height))
    gossips.push(gossip)
    await wire.connect()
  })
  afterEach(() => {
    for (const gossip of gossips.splice(0)) gossip.stop()
  })

  const tell = async (message: Uint8Array) => {
    const before = receiver.counters()
    await sender.publish('headers', message)
    await wire.settle()
    const after = receiver.counters()
    const verdicts = ['gossipAccepted', 'gossipRejected', 'gossipIgnored'] as const
    return verdicts.filter((verdict) => after[verdict] > before[verdict]).join()
  }

  it('brings the height of what was committed last', async () => {
    const gossip = new HeaderGossip({
      transport: sender,
      ledger: source.ledger,
      verifier,
      timers: systemTimers,
      log: quietLog,
    })
    gossips.push(gossip)
    for (const note of ['one', 'two', 'three']) {
      const block = await source.proposer.commit([put(note)])
      gossip.publish([block], certify(block))
    }
    await expect.poll(() => heard).toEqual([3])
  })

  it('accepts a header that a quorum certified, from whomever it comes', async () => {
    const block = await source.proposer.commit([put('one')])
    expect(await tell(encode(block))).toBe('gossipAccepted')
    expect(heard).toEqual([1])
  })

  it('rejects what is no header, or a certificate of another', async () => {
    const block = await source.proposer.commit([put('one')])
    const { header } = block
    const certificate = certify(block)
    const [first, ...others] = certificate.signatures
    const wrong: readonly Uint8Array[] = [
      new Uint8Array([1, 2, 3]),
      encode(block).subarray(0, 50),
      encode({ ...block, header: { ...header, timeMs: header.timeMs + 1 } }, certificate),
      encode(block, { ...certificate, blockHash: 'ab'.repeat(32) as Hash }),
      encode(block, { ...certificate, height: 7 as Height }),
      encode(block, certify({ ...block, header: { ...header, height: 7 as Height } })),
      encode(block, certify({ ...block, header: { ...header, term: 7 as Term } })),
      encode(block, { ...certificate, signatures: others }),
      encode(block, {
        ...certificate,
        signatures: [{ member: 0 as Seat, signature: new Uint8Array(64) }, ...others],
      }),
      encode(block, { ...certificate, signatures: [...others, first as never] }),
    ]
    for (const message of wrong) expect(await tell(message)).toBe('gossipRejected')
    expect(heard).toEqual([])
  })

  it('ignores what validators have certified that it does not know yet: whoever is behind blames nobody', async () => {
    const block = await source.proposer.commit([put('one')])
    const later = { ...block, header: { ...block.header, epoch: 1 as Epoch } }
    const signed = { ...later, hash: blockHash(later.header) }
    expect(await tell(encode(signed, certify(signed)))).toBe('gossipIgnored')
    expect(heard).toEqual([])
  })

  it('passes nobody’s long past on', async () => {
    const early = await source.proposer.commit([])
    let last = own.ledger.head as unknown as Block
    for (let i = 0; i < 1_002; i++) last = own.proposer.propose([], { parent: last })
    await own.ledger.persist({ leaderCerts: [own.proposer.leaderCert] })
    await own.ledger.commit(certify(last))
    expect(await tell(encode(early))).toBe('gossipIgnored')
    expect(heard).toEqual([])
  })
})
