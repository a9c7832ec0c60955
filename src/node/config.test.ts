import { describe, expect, it } from 'vitest'
import { ConfigError, parseConfig } from './config.ts'

const parse = (input: unknown) => parseConfig(input, { file: 'assent.json', folder: '/consortium/hospital-a' })

const problemsOf = (input: unknown): readonly string[] => {
  try {
    parse(input)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

describe('configuration', () => {
  it('needs nothing but a role, listens on loopback, and resolves paths against its file', () => {
    const config = parse({ role: 'validator' })
    expect(config.rpc.host).toBe('127.0.0.1')
    expect(config.p2p.listen).toBe('/ip4/127.0.0.1/tcp/0')
    expect(config.dataFolder).toBe('/consortium/hospital-a/data')
  })

  it.each<[string, unknown, string]>([
    ['no role', {}, 'role: expected validator or observer'],
    ['an unknown role', { role: 'miner' }, 'role: expected validator or observer'],
    ['a misspelt field', { role: 'observer', rcp: {} }, 'rcp: unknown field'],
    ['a misspelt inner field', { role: 'observer', rpc: { prot: 1 } }, 'rpc.prot: unknown field'],
    ['a port out of range', { role: 'observer', rpc: { port: 70_000 } }, 'rpc.port: '],
    ['a port that is text', { role: 'observer', rpc: { port: '8000' } }, 'rpc.port: expected a port number'],
    [
      'a wrong listen address',
      { role: 'observer', p2p: { listen: '127.0.0.1:80' } },
      'p2p.listen: expected a multiaddress',
    ],
    ['a peer without a key', { role: 'observer', p2p: { peers: [{ addresses: [] }] } }, 'p2p.peers.0.transportKey: '],
    [
      'a heartbeat too slow for the election',
      { role: 'validator', consensus: { heartbeatMs: 900 } },
      'consensus.heartbeatMs: expected at most a third',
    ],
    [
      'election timeouts the wrong way round',
      { role: 'validator', consensus: { electionTimeoutMaxMs: 900 } },
      'consensus.electionTimeoutMaxMs: expected more than',
    ],
    [
      'an early campaign that is none',
      { role: 'validator', consensus: { earlyCampaignMaxMs: 1_001 } },
      'consensus.earlyCampaignMaxMs: expected at most electionTimeoutMinMs',
    ],
    [
      'a batch that waits longer than a follower',
      { role: 'validator', consensus: { batchDelayMs: 1_000 } },
      'consensus.batchDelayMs: expected less than electionTimeoutMinMs',
    ],
    [
      'a clock drift that no clock keeps',
      { role: 'validator', consensus: { clockDriftMaxMs: 5 } },
      'consensus.clockDriftMaxMs: expected at least 100',
    ],
    [
      'a window without blocks',
      { role: 'validator', consensus: { uncertifiedBlocksMax: 0 } },
      'consensus.uncertifiedBlocksMax: ',
    ],
    [
      'two sources of a wrapping key',
      { role: 'validator', vault: { wrappingKey: { environment: 'A', file: 'b' } } },
      'vault.wrappingKey: expected one of',
    ],
    [
      'an unknown time zone',
      { role: 'validator', fhir: { timeZone: 'Mars/Olympus' } },
      'fhir.timeZone: expected an IANA time zone',
    ],
    ['an unknown log level', { role: 'validator', log: { level: 'loud' } }, 'log.level: expected a pino level'],
    ['a list for a file', [], '(whole file): '],
  ])('with %s is refused by the name of the field', (_, input, problem) => {
    expect(problemsOf(input).join('\n')).toContain(problem)
  })
})
