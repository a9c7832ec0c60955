import { Libp2pTransport } from './libp2p-transport.ts'
import { type CreateTransport, describeTransport } from './transport-suite.ts'

const LOOPBACK = ['/ip4/127.0.0.1/tcp/0']
const seedOf = (number: number): Uint8Array => new Uint8Array(32).fill(number)

const createLibp2p: CreateTransport = (number, options) =>
  new Libp2pTransport({ ...options, seed: seedOf(number), listen: LOOPBACK })

describeTransport('libp2p transport', () => createLibp2p)
