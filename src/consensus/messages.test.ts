import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DecodeError } from '../types/canonical-bytes.ts'
import { createTransaction } from './fakes.test-support.ts'
import { decodeMessage, encodeMessage, type Message } from './messages.ts'
import {
  append,
  Group,
  genesis,
  positionOfBlock,
  preVoteRequest,
  reply,
  signedHeaders,
  voteRequest,
} from './node.test-support.ts'

const group = new Group(4)
const cert = group.leaderCert(1, { leader: 0, tip: genesis })
const block = group.block(cert, genesis, { transactions: [createTransaction(1), createTransaction(2)] })
const commitCert = group.commitCert(block)

const messages: Message[] = [
  append(cert, { previous: positionOfBlock(genesis), blocks: [block], commitCert }),
  append(cert, { previous: positionOfBlock(block), leaderCerts: [] }),
  reply(block, { term: 1, acks: [group.ack(block, 2)], timeRefused: true }),
  reply(block, { term: 1, status: 'missing' }),
  voteRequest(2, block, { commitCert, headers: signedHeaders(block), leaderCert: cert }),
  voteRequest(2, block, { transfer: group.transferNotice(1, { by: 0, target: 2 }) }),
  preVoteRequest(2, block, { commitCert, headers: signedHeaders(block), leaderCert: cert }),
  { kind: 'preVote', term: group.term(2) },
  { kind: 'timeoutNow', transfer: group.transferNotice(1, { by: 0, target: 2 }) },
  { kind: 'readIndexRequest', id: 7 },
  { kind: 'readIndexAnswer', id: 7, lastAck: signedHeaders(block)[0] ?? null },
  { kind: 'readIndexAnswer', id: 8, lastAck: null },
  group.signedVote(group.vote(2, { candidate: 1, tip: block }), 3),
  group.promise(2, 3),
  { kind: 'staleTerm', term: group.term(9), leaderCert: cert },
]

describe('encodeMessage() and decodeMessage()', () => {
  for (const message of messages) {
    it(`carry ${message.kind} unchanged`, () => expect(decodeMessage(encodeMessage(message))).toEqual(message))

    it(`refuse ${message.kind} cut short anywhere, or followed by anything`, () => {
      const encoded = encodeMessage(message)
      for (let length = 0; length < encoded.length; length += 7) {
        expect(() => decodeMessage(encoded.subarray(0, length))).toThrow(DecodeError)
      }
      expect(() => decodeMessage(new Uint8Array([...encoded, 0]))).toThrow(DecodeError)
    })
  }

  it('give one encoding to one message: what decodes, encodes to the same bytes', () => {
    const encodings = messages.map(encodeMessage)
    const change = fc.record({
      which: fc.nat(encodings.length - 1),
      at: fc.nat(),
      to: fc.nat(255),
    })
    fc.assert(
      fc.property(change, ({ which, at, to }) => {
        const bytes = (encodings[which] as Uint8Array).slice()
        bytes[at % bytes.length] = to
        try {
          expect(encodeMessage(decodeMessage(bytes))).toEqual(bytes)
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('refuse any bytes with a DecodeError, never with anything else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeMessage(bytes)).toThrow(DecodeError)
      }),
    )
  })
})
