// Everything that the members of a group ever signed and sent, each statement once.

import { EMPTY_RANGE } from '../crypto/mountain-range.ts'
import type { Block, SignedHeader } from '../types/block.ts'
import type { Seat } from '../types/brand.ts'
import type { CommitCert, LeaderCert } from '../types/certificate.ts'
import { blockHash } from '../types/signing.ts'
import type { Verifier } from './certificate.ts'
import { type Findings, investigate } from './evidence/investigate.ts'
import type { AckBy, ElectionWord } from './evidence/statements.ts'
import type { Message } from './messages.ts'

export class Statements {
  private readonly headers = new Map<string, SignedHeader>()
  private readonly acks = new Map<string, AckBy>()
  private readonly words = new Map<string, ElectionWord>()
  private readonly leaderCerts = new Map<string, LeaderCert>()
  private readonly commitCerts = new Map<string, CommitCert>()

  onSend(member: Seat, message: Message): void {
    switch (message.kind) {
      case 'append':
        for (const block of message.blocks) this.headers.set(block.hash, block)
        for (const certificate of message.leaderCerts) this.leaderCerts.set(JSON.stringify(certificate), certificate)
        this.onCommitCert(message.commitCert)
        break
      case 'appendReply':
        for (const { ack, signature } of message.acks) {
          this.acks.set(`${member}/${ack.term}/${ack.blockHash}`, { member, ack, signature })
        }
        break
      case 'preVoteRequest':
      case 'voteRequest':
        for (const signed of message.headers) this.headers.set(blockHash(signed.header), signed)
        this.onCommitCert(message.commitCert)
        break
      case 'vote':
      case 'promise':
        this.words.set(JSON.stringify([member, message]), { member, ...message })
        break
      default:
        break
    }
  }

  private onCommitCert(certificate: CommitCert | null): void {
    if (certificate !== null) this.commitCerts.set(`${certificate.term}/${certificate.blockHash}`, certificate)
  }

  investigate({ genesis, verifier }: { genesis: Block; verifier: Verifier }): Findings {
    const { header, signature } = genesis
    return investigate(
      {
        headers: [...this.headers.values()],
        leaderCerts: [...this.leaderCerts.values()],
        commitCerts: [...this.commitCerts.values()],
        acks: [...this.acks.values()],
        words: [...this.words.values()],
      },
      { base: { header, signature, ancestors: EMPTY_RANGE }, verifier },
    )
  }
}
