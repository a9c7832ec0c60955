// Each kind of evidence convicts exactly the liar, and nothing that is missing, forged or honest convicts anybody.

import { describe, expect, it } from 'vitest'
import { sha256Hex, taggedHash } from '../../crypto/hash.ts'
import { createMerkleProof, merkleRoot } from '../../crypto/merkle.ts'
import { EMPTY_STATE_ROOT, hashLeaf } from '../../crypto/state-proof.ts'
import type { Block } from '../../types/block.ts'
import { asHash, asPublicKey, type Epoch, type Seat, ZERO_HASH } from '../../types/brand.ts'
import { optional, publicKey, toBytes, tuple, uint } from '../../types/canonical.ts'
import { bareLeaderCertCodec, commitCertCodec } from '../../types/certificate.ts'
import { bareLeaderCertHash, commitCertHash, leaderCertHash, withoutReleases } from '../../types/signing.ts'
import { signingKeyEntryKey } from '../../types/signing-key-entry.ts'
import { TAG } from '../../types/tags.ts'
import { EMPTY_ROOT } from '../../types/transaction-root.ts'
import { createTransaction, GENESIS_TIME_MS, rangeBefore } from '../fakes.test-support.ts'
import { genesis } from '../node.test-support.ts'
import type { ShownSigner } from './bad-transaction.ts'
import { convict, convictBytes } from './convict.ts'
import { createE1 } from './e1.ts'
import { orderAcks } from './e2.ts'
import { createE3 } from './e3.ts'
import { EVIDENCE_BYTES_MAX, type Evidence, encodeEvidence } from './evidence.ts'
import type { Lineage } from './lineage.ts'
import { opened, Scene, signed } from './scene.test-support.ts'
import type { AckBy } from './statements.ts'

const scene = new Scene()
const { verifier } = scene
const judge = (evidence: Evidence): readonly number[] => convict(evidence, verifier)

const cert1 = scene.leaderCert(1, 1, genesis)
/** Term 1: two branches of one leader on the first block. */
const [root, ...left] = scene.chain(cert1, genesis, 6) as [Block, ...Block[]]
const right = scene.chain(cert1, root, 6)
const at = (branch: readonly Block[], index: number): Block => branch[index] as Block

const twoAcks = (one: AckBy, other: AckBy, lineage: Lineage | null = null): Evidence => ({
  kind: 'E2',
  ...orderAcks(one, other),
  lineage,
})

const forged = { signature: new Uint8Array(64) }

describe('E1', () => {
  it('convicts the proposer of two headers in one place', () => {
    expect(judge(createE1(at(left, 0), at(right, 0)))).toEqual([1])
  })

  it('proves nothing by one header twice, by two places, in the other order, or by a forged one', () => {
    const e1 = createE1(at(left, 0), at(right, 0))
    expect(judge(createE1(root, root))).toEqual([])
    expect(judge(createE1(at(left, 0), at(right, 1)))).toEqual([])
    expect(judge({ kind: 'E1', first: e1.second, second: e1.first })).toEqual([])
    expect(judge({ ...e1, first: { ...e1.first, ...forged } })).toEqual([])
    expect(judge({ ...e1, second: { ...e1.second, ...forged } })).toEqual([])
  })

  it('proves nothing by the headers of two leaders, two terms or two chains', () => {
    const later = scene.block(scene.leaderCert(2, 1, root), root)
    expect(judge(createE1(at(left, 0), later))).toEqual([])
    const other = scene.altered(at(left, 0), { proposer: 2 as Seat })
    expect(judge(createE1(at(left, 0), other))).toEqual([])
    const foreign = scene.altered(at(left, 0), { chainId: asHash('c2'.repeat(32)) })
    expect(judge(createE1(at(left, 0), foreign))).toEqual([])
    const unknown = scene.altered(at(left, 0), { epoch: 9 as Epoch })
    expect(judge(createE1(at(left, 0), unknown))).toEqual([])
  })
})

describe('E2', () => {
  it('convicts who acked two blocks of one height, or of one term on two chains', () => {
    expect(judge(twoAcks(scene.ack(2, at(left, 1)), scene.ack(2, at(right, 1))))).toEqual([2])
    const lineage = scene.lineage(at(right, 4), at(left, 1).header.height)
    expect(judge(twoAcks(scene.ack(2, at(left, 1)), scene.ack(2, at(right, 4)), lineage))).toEqual([2])
  })

  it('proves nothing by acks on one chain, with whatever lineage', () => {
    const [low, high] = [scene.ack(2, at(left, 1)), scene.ack(2, at(left, 4))]
    const { height } = at(left, 1).header
    expect(judge(twoAcks(low, high))).toEqual([])
    expect(judge(twoAcks(low, high, scene.lineage(at(left, 4), height)))).toEqual([])
    expect(judge(twoAcks(low, high, scene.lineage(at(right, 4), height)))).toEqual([])
    const forgedRoot = { ...scene.lineage(at(right, 4), height), header: at(left, 4).header }
    expect(judge(twoAcks(low, high, forgedRoot))).toEqual([])
    expect(judge(twoAcks(low, low))).toEqual([])
  })

  it('proves nothing by acks of two members or two terms, or forged ones', () => {
    const later = scene.block(scene.leaderCert(2, 1, root), root)
    expect(judge(twoAcks(scene.ack(2, at(left, 0)), scene.ack(3, at(right, 0))))).toEqual([])
    expect(judge(twoAcks(scene.ack(2, at(left, 0)), scene.ack(2, later)))).toEqual([])
    expect(judge(twoAcks({ ...scene.ack(2, at(left, 0)), ...forged }, scene.ack(2, at(right, 0))))).toEqual([])
    expect(judge(twoAcks({ ...scene.ack(2, at(left, 0)), member: 3 as Seat }, scene.ack(3, at(right, 0))))).toEqual([])
  })
})

describe('E3', () => {
  it('convicts who voted twice in a term, whatever differs', () => {
    const vote = scene.vote(3, 4, root)
    expect(judge(createE3(vote, scene.vote(3, 4, at(left, 0))))).toEqual([3])
    expect(judge(createE3(vote, scene.vote(3, 4, root, { candidate: 2 as Seat })))).toEqual([3])
    expect(judge(createE3(vote, scene.vote(3, 4, root, { releasesHash: genesis.hash })))).toEqual([3])
  })

  it('ignores the epoch', () => {
    const { set } = scene.group
    const next = { ...set, epoch: 1 as Epoch }
    const setOf = (epoch: Epoch) => (epoch === 0 ? set : epoch === 1 ? next : undefined)
    const evidence = createE3(scene.vote(3, 4, root), scene.vote(3, 4, root, { epoch: 1 as Epoch }))
    expect(convict(evidence, { ...verifier, setOf })).toEqual([3])
    expect(judge(evidence)).toEqual([])
  })

  it('proves nothing by one vote twice, two terms, two members, or a forged one', () => {
    const vote = scene.vote(3, 4, root)
    expect(judge(createE3(vote, vote))).toEqual([])
    expect(judge(createE3(vote, scene.vote(3, 5, at(left, 0))))).toEqual([])
    expect(judge(createE3(vote, scene.vote(2, 4, at(left, 0))))).toEqual([])
    expect(judge(createE3(vote, { ...scene.vote(3, 4, at(left, 0)), ...forged }))).toEqual([])
  })
})

describe('E4', () => {
  const acked = at(left, 2)
  const ack = scene.ack(2, acked)
  const vote = (tip: Block, lineage: Lineage | null = null, term = 3): Evidence => ({
    kind: 'E4',
    ack,
    word: { kind: 'vote', ...scene.vote(2, term, tip) },
    releases: [],
    lineage,
  })
  const promise = (lastAck: Block | null, lineage: Lineage | null = null): Evidence => ({
    kind: 'E4',
    ack,
    word: { kind: 'promise', ...scene.promise(2, 3, lastAck) },
    releases: [],
    lineage,
  })

  it('convicts who let go of an acked block: for a tip of an earlier term, below it, beside it, or without it', () => {
    expect(judge(vote(genesis))).toEqual([2])
    expect(judge(vote(at(left, 1)))).toEqual([2])
    expect(judge(vote(at(right, 2)))).toEqual([2])
    expect(judge(vote(at(right, 4), scene.lineage(at(right, 4), acked.header.height)))).toEqual([2])
    expect(judge(promise(null))).toEqual([2])
    expect(judge(promise(at(right, 2)))).toEqual([2])
  })

  it('proves nothing by a tip that contains the block', () => {
    expect(judge(vote(acked))).toEqual([])
    expect(judge(vote(at(left, 4)))).toEqual([])
    expect(judge(vote(at(left, 4), scene.lineage(at(left, 4), acked.header.height)))).toEqual([])
    expect(judge(promise(at(left, 4)))).toEqual([])
  })

  it('proves nothing by a tip of a later term, with or without the block', () => {
    const later = scene.chain(scene.leaderCert(2, 0, root), root, 5)
    expect(judge(vote(at(later, 0)))).toEqual([])
    expect(judge(vote(at(later, 4), scene.lineage(at(later, 4), acked.header.height)))).toEqual([])
    expect(judge(promise(at(later, 4), scene.lineage(at(later, 4), acked.header.height)))).toEqual([])
  })

  it('proves nothing by a vote of the same or an earlier term, of somebody else, or by forged words', () => {
    expect(judge(vote(genesis, null, 1))).toEqual([])
    const other = { kind: 'vote', ...scene.vote(3, 3, genesis) } as const
    expect(judge({ kind: 'E4', ack, word: other, releases: [], lineage: null })).toEqual([])
    const unsigned = { kind: 'vote', ...scene.vote(2, 3, genesis), ...forged } as const
    expect(judge({ kind: 'E4', ack, word: unsigned, releases: [], lineage: null })).toEqual([])
    expect(judge({ ...(vote(genesis) as Evidence & { kind: 'E4' }), ack: { ...ack, ...forged } })).toEqual([])
  })
})

describe('E5', () => {
  const evidence = (
    block: Block,
    parent: Block,
    leaderCert: ReturnType<typeof opened> | null,
  ): Evidence & { kind: 'E5' } => ({
    kind: 'E5',
    header: signed(block),
    parent: parent.header,
    leaderCert,
    complicity: [],
  })
  const cert2 = scene.leaderCert(2, 3, at(left, 0))

  it('convicts the proposer of an opening block without LeaderCert, with a false one, or on another tip', () => {
    const missing = scene.altered(scene.block(cert2, at(left, 0)), { leaderCertHash: ZERO_HASH })
    expect(judge(evidence(missing, at(left, 0), null))).toEqual([3])

    const few = scene.group.leaderCert(2, { leader: 3, tip: at(left, 0), signers: [0, 3] })
    expect(judge(evidence(scene.block(few, at(left, 0)), at(left, 0), opened(few)))).toEqual([3])

    const elsewhere = scene.block(cert2, at(right, 0))
    expect(judge(evidence(elsewhere, at(right, 0), opened(cert2)))).toEqual([3])

    const ofAnother = scene.altered(scene.block(cert2, at(left, 0)), { proposer: 2 as Seat })
    expect(judge(evidence(ofAnother, at(left, 0), opened(cert2)))).toEqual([2])
  })

  it('convicts with it who acked the block or a descendant, and who voted for a tip of its term on it', () => {
    const elsewhere = scene.block(cert2, at(right, 0))
    const above = scene.chain(cert2, elsewhere, 3)
    const lineage = scene.lineage(at(above, 2), elsewhere.header.height)
    const complicity = [
      { word: { kind: 'ack', ...scene.ack(0, elsewhere) }, lineage: null },
      { word: { kind: 'ack', ...scene.ack(1, at(above, 2)) }, lineage },
      { word: { kind: 'vote', ...scene.vote(2, 3, at(above, 2)) }, lineage },
    ] as const
    expect(judge({ ...evidence(elsewhere, at(right, 0), opened(cert2)), complicity })).toEqual([0, 1, 2, 3])
  })

  it('convicts nobody for a vote for a tip of a later term, whose own LeaderCert is all that voters are shown', () => {
    const elsewhere = scene.block(cert2, at(right, 0))
    const later = scene.block(scene.leaderCert(3, 1, elsewhere), elsewhere)
    const lineage = scene.lineage(later, elsewhere.header.height)
    const complicity = [{ word: { kind: 'vote', ...scene.vote(2, 4, later) }, lineage }] as const
    expect(judge({ ...evidence(elsewhere, at(right, 0), opened(cert2)), complicity })).toEqual([])
  })

  it('proves nothing against a right opening block, a later block of the term, or with other bytes than the hash covers', () => {
    const opening = scene.block(cert2, at(left, 0))
    expect(judge(evidence(opening, at(left, 0), opened(cert2)))).toEqual([])
    expect(judge(evidence(opening, at(left, 0), null))).toEqual([])
    expect(judge(evidence(opening, at(left, 0), opened(cert1)))).toEqual([])
    expect(judge(evidence(opening, at(right, 0), opened(cert2)))).toEqual([])
    const second = scene.block(cert2, opening)
    expect(judge(evidence(second, opening, opened(cert2)))).toEqual([])
  })

  it('proves nothing where the set of the certificate is not known', () => {
    const unknown = { ...cert2, epoch: 1 as Epoch }
    const { set } = scene.group
    const block = scene.altered(scene.block(unknown, at(left, 0)), { epoch: 2 as Epoch })
    const setOf = (epoch: Epoch) => (epoch === 2 ? { ...set, epoch } : undefined)
    expect(convict(evidence(block, at(left, 0), opened(unknown)), { ...verifier, setOf })).toEqual([])
  })
})

describe('E6', () => {
  const certified = at(left, 2)
  const commitCert = scene.group.commitCert(certified, [0, 1, 2])
  const evidence = (
    term: number,
    leader: number,
    tip: Block,
    lineage: Lineage | null = null,
  ): Evidence & { kind: 'E6' } => {
    const leaderCert = scene.leaderCert(term, leader, tip)
    const header = signed(scene.block(leaderCert, tip))
    return { kind: 'E6', header, leaderCert: opened(leaderCert), commitCert, lineage, branches: [] }
  }

  it('convicts a signer of a CommitCert who leads a later term without its block', () => {
    expect(judge(evidence(2, 2, root))).toEqual([2])
    expect(judge(evidence(2, 2, at(right, 4), scene.lineage(at(right, 4), certified.header.height)))).toEqual([2])
  })

  it('does not convict a leader who did not sign it', () => {
    expect(judge(evidence(2, 3, root))).toEqual([])
  })

  it('does not convict a leader whose tip is of a later term: it followed others there', () => {
    const followed = scene.block(scene.leaderCert(2, 3, root), root)
    expect(judge(evidence(3, 2, followed))).toEqual([])
  })

  it('proves nothing where the chain holds the block, the term is not later, or anything is forged', () => {
    expect(judge(evidence(2, 2, certified))).toEqual([])
    expect(judge(evidence(2, 2, at(left, 4), scene.lineage(at(left, 4), certified.header.height)))).toEqual([])
    expect(judge(evidence(1, 2, genesis))).toEqual([])
    const good = evidence(2, 2, root)
    expect(judge({ ...good, header: { ...good.header, ...forged } })).toEqual([])
    expect(judge({ ...good, commitCert: scene.group.commitCert(certified, [1, 2]) })).toEqual([])
    expect(judge({ ...good, leaderCert: opened(cert1) })).toEqual([])
  })
})

describe('E7', () => {
  const parent = at(left, 0)
  const good = at(left, 1)
  const link = (block: Block, under: Block = parent): Evidence & { kind: 'E7' } => ({
    kind: 'E7',
    header: signed(block),
    fault: { kind: 'link', parent: under.header },
    complicity: [],
  })

  it('convicts the proposer of a block that does not follow from its parent', () => {
    expect(judge(link(scene.altered(good, { timeMs: parent.header.timeMs })))).toEqual([1])
    expect(judge(link(scene.altered(good, { height: parent.header.height })))).toEqual([1])
    expect(judge(link(scene.altered(good, { leaderCertHash: genesis.hash })))).toEqual([1])
    expect(judge(link(scene.altered(good, { txRoot: EMPTY_ROOT })))).toEqual([1])
    const later = scene.block(scene.leaderCert(5, 2, parent), parent)
    expect(judge(link(scene.altered(at(left, 2), { parentHash: later.hash }), later))).toEqual([1])
  })

  it('convicts for a false logRoot', () => {
    const bad = scene.altered(good, { logRoot: parent.header.logRoot })
    const { peaks } = rangeBefore(parent)
    const log = (block: Block): Evidence => ({
      kind: 'E7',
      header: signed(block),
      fault: { kind: 'log', parent: parent.header, peaks },
      complicity: [],
    })
    expect(judge(log(bad))).toEqual([1])
    expect(judge(log(good))).toEqual([])
    expect(
      judge({ ...(log(bad) as Evidence & { kind: 'E7' }), fault: { kind: 'log', parent: parent.header, peaks: [] } }),
    ).toEqual([])
  })

  const late = createTransaction(900)
  const inBlock = (timeMs: number): Block => {
    const leaves = [createTransaction(901), late]
    const txRoot = merkleRoot(leaves.map(({ bytes }) => bytes))
    return scene.altered(good, { txRoot, timeMs })
  }
  const transaction = (block: Block, signer: ShownSigner | null = null): Evidence & { kind: 'E7' } => {
    const place = createMerkleProof([createTransaction(901).bytes, late.bytes], 1)
    const fault = { kind: 'transaction', ...place, bytes: late.bytes, signer } as const
    return { kind: 'E7', header: signed(block), fault, complicity: [] }
  }

  it('convicts for a transaction outside its window, and not for one inside', () => {
    expect(judge(transaction(inBlock(GENESIS_TIME_MS + 600_000)))).toEqual([1])
    expect(judge(transaction(inBlock(GENESIS_TIME_MS - 1)))).toEqual([1])
    expect(judge(transaction(inBlock(GENESIS_TIME_MS + 599_999)))).toEqual([])
  })

  describe('convicts for a signature', () => {
    const timeMs = GENESIS_TIME_MS + 1_000
    const { sender, keyId } = late.transaction
    const keyHash = sha256Hex(signingKeyEntryKey(sender, keyId))
    const entryOf = (kind: number, revokedAt: number | null): Uint8Array =>
      toBytes(tuple(uint, publicKey, optional(uint)), [kind, asPublicKey('ee'.repeat(32)), revokedAt])
    /** A block on a parent whose state holds this entry alone, with the proof of it. */
    const shown = (entry: Uint8Array | null): { block: Block; signer: ShownSigner } => {
      const leaf = entry === null ? null : { keyHash, valueHash: sha256Hex(entry) }
      const stateRoot = leaf === null ? EMPTY_STATE_ROOT : hashLeaf(leaf.keyHash, leaf.valueHash)
      const under = scene.altered(parent, { stateRoot })
      const block = scene.altered(inBlock(timeMs), { parentHash: under.hash })
      return { block, signer: { parent: under.header, entry, proof: { steps: [], leaf } } }
    }
    const active = shown(entryOf(0, null))

    it('that is not by the key which the state of the parent holds', () => {
      expect(judge(transaction(active.block, active.signer))).toEqual([1])
      const honest = { ...verifier, verify: () => true }
      expect(convict(transaction(active.block, active.signer), honest)).toEqual([])
    })

    it('by a key that is not there, was revoked, or is for something else', () => {
      for (const entry of [null, entryOf(0, GENESIS_TIME_MS), entryOf(1, null)]) {
        const { block, signer } = shown(entry)
        expect(convict(transaction(block, signer), { ...verifier, verify: () => true })).toEqual([1])
      }
    })

    it('and not without the proof, with another parent, another entry, or none where there is one', () => {
      const { block, signer } = active
      expect(judge(transaction(block))).toEqual([])
      expect(judge(transaction(inBlock(timeMs), signer))).toEqual([])
      expect(judge(transaction(block, { ...signer, parent: parent.header }))).toEqual([])
      expect(judge(transaction(block, { ...signer, entry: entryOf(1, null) }))).toEqual([])
      expect(judge(transaction(block, { ...signer, entry: null }))).toEqual([])
      expect(judge(transaction(block, { ...signer, entry: null, proof: { steps: [], leaf: null } }))).toEqual([])
      const junk = shown(Uint8Array.of(1, 2, 3))
      expect(judge(transaction(junk.block, junk.signer))).toEqual([])
    })
  })

  it('convicts ackers for all of it, and voters only for what headers show', () => {
    const bad = scene.altered(good, { timeMs: parent.header.timeMs })
    const complicity = [
      { word: { kind: 'ack', ...scene.ack(0, bad) }, lineage: null },
      { word: { kind: 'vote', ...scene.vote(2, 3, bad) }, lineage: null },
    ] as const
    expect(judge({ ...link(bad), complicity })).toEqual([0, 1, 2])
    const junk = inBlock(GENESIS_TIME_MS + 600_000)
    const acked = { word: { kind: 'ack', ...scene.ack(0, junk) }, lineage: null } as const
    const voted = { word: { kind: 'vote', ...scene.vote(2, 3, junk) }, lineage: null } as const
    expect(judge({ ...transaction(junk), complicity: [acked] })).toEqual([0, 1])
    expect(judge({ ...transaction(junk), complicity: [acked, voted] })).toEqual([])
  })

  it('proves nothing against a sound block, or with a parent that is not its own', () => {
    expect(judge(link(good))).toEqual([])
    expect(judge(link(good, genesis))).toEqual([])
    expect(judge(link(root, genesis))).toEqual([])
    expect(judge(link(scene.altered(root, { txRoot: EMPTY_ROOT }), genesis))).toEqual([])
  })
})

describe('E8', () => {
  const base = at(left, 1)
  it('convicts for a certificate hash that opens to no certificate, or to a false one', () => {
    const junk = Uint8Array.of(1, 2, 3)
    const overJunk = scene.altered(base, { commitCertHash: taggedHash(TAG.commitCert, junk) })
    expect(judge({ kind: 'E8', header: signed(overJunk), opened: { kind: 'commitCert', bytes: junk } })).toEqual([1])

    const few = scene.group.commitCert(root, [0, 1])
    const overFew = scene.altered(base, { commitCertHash: commitCertHash(few) })
    const bytes = toBytes(commitCertCodec, few)
    expect(judge({ kind: 'E8', header: signed(overFew), opened: { kind: 'commitCert', bytes } })).toEqual([1])

    const fewVotes = scene.group.leaderCert(1, { leader: 1, tip: genesis, signers: [1] })
    const overFewVotes = scene.altered(base, { leaderCertHash: leaderCertHash(fewVotes) })
    const certificate = { kind: 'leaderCert', ...opened(fewVotes) } as const
    expect(judge({ kind: 'E8', header: signed(overFewVotes), opened: certificate })).toEqual([1])

    const ahead = { ...withoutReleases(cert1), epoch: 7 as Epoch }
    const overAhead = scene.altered(base, { leaderCertHash: bareLeaderCertHash(ahead) })
    const openedAhead = { kind: 'leaderCert', bytes: toBytes(bareLeaderCertCodec, ahead), releases: [] } as const
    expect(judge({ kind: 'E8', header: signed(overAhead), opened: openedAhead })).toEqual([1])
  })

  it('proves nothing by a valid certificate, by bytes of another hash, or by an unsigned header', () => {
    const valid = scene.group.commitCert(root)
    const over = scene.altered(base, { commitCertHash: commitCertHash(valid) })
    const bytes = toBytes(commitCertCodec, valid)
    expect(judge({ kind: 'E8', header: signed(over), opened: { kind: 'commitCert', bytes } })).toEqual([])
    expect(judge({ kind: 'E8', header: signed(base), opened: { kind: 'leaderCert', ...opened(cert1) } })).toEqual([])
    expect(judge({ kind: 'E8', header: signed(over), opened: { kind: 'commitCert', bytes: bytes.slice(1) } })).toEqual(
      [],
    )
    const junk = Uint8Array.of(1)
    const overJunk = scene.altered(base, { commitCertHash: taggedHash(TAG.commitCert, junk) })
    const header = { ...signed(overJunk), ...forged }
    expect(judge({ kind: 'E8', header, opened: { kind: 'commitCert', bytes: junk } })).toEqual([])
  })
})

describe('convictBytes()', () => {
  it('convicts what decodes, and nobody for anything else', () => {
    const encoded = encodeEvidence(createE1(at(left, 0), at(right, 0)))
    expect(convictBytes(encoded, verifier)).toEqual([1])
    expect(convictBytes(encoded.slice(0, -1), verifier)).toEqual([])
    expect(convictBytes(new Uint8Array(EVIDENCE_BYTES_MAX + 1), verifier)).toEqual([])
  })
})
