// Names on the wire. They carry the chain, so that nodes of two chains find nothing to say to each other.

import type { Hash } from '../types/brand.ts'
import type { Topic } from './transport.ts'

const CHAIN_PREFIX_LENGTH = 16
const PROTOCOL_NAME = /^[a-z][a-z0-9-]{0,31}$/

export function chainPrefix(chainId: Hash): string {
  return `assent/${chainId.slice(0, CHAIN_PREFIX_LENGTH)}`
}

/** `name`: a channel, or the protocol of a request. */
export function protocolId(chainId: Hash, name: string): string {
  if (!PROTOCOL_NAME.test(name)) throw new RangeError('protocol: expected 1-32 lower-case letters, digits or hyphens')
  return `/${chainPrefix(chainId)}/${name}/1`
}

export function topicId(chainId: Hash, topic: Topic): string {
  return `${chainPrefix(chainId)}/${topic}`
}
