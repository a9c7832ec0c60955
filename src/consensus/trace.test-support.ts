// Effects as lines of text, complete enough that a list of lines says exactly what a step asked for. Blocks and
// positions are written term/height or height.

import { assertNever } from '../types/assert.ts'
import type { Block } from '../types/block.ts'
import type { Tip } from '../types/certificate.ts'
import type { Effect } from './effects.ts'
import type { Message } from './messages.ts'
import type { SignState } from './sign-state.ts'

export const trace = (effects: readonly Effect[]): string[] => effects.map(lineOf)

const nameOf = ({ header }: Pick<Block, 'header'>): string => `${header.term}/${header.height}`
const namesOf = (blocks: readonly Pick<Block, 'header'>[]): string => `[${blocks.map(nameOf).join(' ')}]`
const tipName = (tip: Tip | null): string => (tip === null ? 'none' : `${tip.term}/${tip.height}`)

function lineOf(effect: Effect): string {
  switch (effect.kind) {
    case 'persistBlock':
    case 'execute':
      return `${effect.kind} ${nameOf(effect.block)}`
    case 'persistLeaderCert':
      return `persistLeaderCert term ${effect.certificate.term} of ${effect.certificate.candidate}`
    case 'persistSignState':
      return `persistSignState ${signStateText(effect.signState)}`
    case 'send':
      return `send ${effect.to} ${messageText(effect.message)}`
    case 'commit':
      return `commit ${namesOf(effect.blocks)} dropped ${effect.dropped.length}`
    case 'moveTip':
      return `moveTip ${effect.height}`
    case 'setTimer':
      return `setTimer ${effect.timer} ${effect.delayMs}`
    case 'cancelTimer':
      return `cancelTimer ${effect.timer}`
    case 'needSync':
      return `needSync from ${effect.from} at ${effect.fromHeight}`
    case 'roleChanged':
      return `roleChanged ${effect.role} term ${effect.term} leader ${effect.leader ?? 'none'}`
    case 'transferFailed':
      return `transferFailed ${effect.reason}`
    case 'readReady':
      return `readReady ${effect.id} at ${effect.height}`
    case 'readFailed':
      return `readFailed ${effect.id} ${effect.reason}`
    case 'returned':
      return `returned ${effect.transactions.length}`
    case 'invalidBlock':
      return `invalidBlock ${effect.height} of ${effect.proposer}: ${effect.reason}`
    case 'misbehaviour':
      return `misbehaviour of ${effect.member}: ${effect.what}`
    case 'evidence':
      return `evidence ${effect.evidence.kind} against ${effect.accused}`
    case 'retired':
      return `retired in epoch ${effect.epoch} at ${effect.height}`
    case 'silenced':
      return `silenced by a ${effect.statement.kind}`
    case 'diverged':
      return `diverged at ${effect.height}: ${effect.reason}`
    default:
      return assertNever(effect)
  }
}

function signStateText({ term, vote, promise, lastAck }: SignState): string {
  const voteText = vote === null ? 'none' : `${vote.term} for ${vote.candidate}`
  return `term ${term} vote ${voteText} promise ${promise?.term ?? 'none'} ack ${tipName(lastAck)}`
}

function messageText(message: Message): string {
  switch (message.kind) {
    case 'append': {
      const { term, leaderCerts, previous, blocks, commitCert } = message
      const certs = leaderCerts.map((certificate) => certificate.term).join(' ')
      return `append term ${term} certs [${certs}] on ${previous.height} ${namesOf(blocks)} commit ${commitCert?.height ?? 'none'}`
    }
    case 'appendReply': {
      const { term, status, match, certified, acks, timeRefused } = message
      const heights = acks.map(({ ack }) => ack.height).join(' ')
      const time = timeRefused ? ' time refused' : ''
      return `appendReply term ${term} ${status} ${match.height} certified ${certified.height} acks [${heights}]${time}`
    }
    case 'preVote':
      return `preVote term ${message.term}`
    case 'preVoteRequest':
    case 'voteRequest': {
      const { kind, term, tip, commitCert, headers, leaderCert } = message
      const transfer = kind === 'voteRequest' && message.transfer !== null ? ' handed over' : ''
      const shown = `commit ${commitCert?.height ?? 'none'} ${namesOf(headers)} cert ${leaderCert?.term ?? 'none'}`
      return `${kind} term ${term} tip ${tipName(tip)} ${shown}${transfer}`
    }
    case 'vote':
      return `vote term ${message.vote.term} for ${message.vote.candidate}`
    case 'promise':
      return `promise term ${message.promise.term} ack ${tipName(message.promise.lastAck)}`
    case 'timeoutNow':
      return `timeoutNow term ${message.transfer.notice.term} to ${message.transfer.notice.target}`
    case 'readIndexRequest':
      return `readIndexRequest ${message.id}`
    case 'readIndexAnswer': {
      const { id, lastAck } = message
      return `readIndexAnswer ${id} ${lastAck === null ? 'genesis' : nameOf(lastAck)}`
    }
    case 'certified':
      return `certified ${message.commitCert.height} of epoch ${message.commitCert.epoch}`
    case 'staleTerm':
      return `staleTerm ${message.term} cert ${message.leaderCert?.term ?? 'none'}`
    default:
      return assertNever(message)
  }
}
