// A node's configuration: one JSON file, every field checked before anything is opened. Paths are relative to the file.

import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import * as z from 'zod'
import { IN_FLIGHT_BLOCKS_MAX, IN_FLIGHT_BYTES_MAX } from '../consensus/limits.ts'
import { isTimeZone } from '../fhir/period.ts'

export class ConfigError extends Error {
  readonly problems: readonly string[]
  constructor(file: string, problems: readonly string[]) {
    super(`configuration ${file}:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}

export const BOOTSTRAP_PEERS_MAX = 16

const hex32 = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lowercase hex characters')
const port = z.int('expected a port number').min(0).max(65_535)
const milliseconds = (least: number, most: number) =>
  z.int('expected whole milliseconds').min(least, `expected at least ${least}`).max(most, `expected at most ${most}`)
const multiaddr = z
  .string()
  .regex(/^\/(ip4|ip6|dns4|dns6)\/[^/]+\/tcp\/\d{1,5}$/, 'expected a multiaddress such as /ip4/127.0.0.1/tcp/7000')
const peer = z.strictObject({ transportKey: hex32, addresses: z.array(multiaddr).max(8) })

const schema = z.strictObject({
  role: z.enum(['validator', 'observer'], 'expected validator or observer'),
  genesis: z.string().default('genesis.json'),
  keys: z.string().default('keys.json'),
  dataFolder: z.string().default('data'),
  p2p: z
    .strictObject({
      listen: multiaddr.default('/ip4/127.0.0.1/tcp/0'),
      /** Where members are reached; replaces the addresses that came with the genesis file. */
      peers: z.array(peer).max(64).default([]),
      /** Not members: asked for certified blocks only. */
      bootstrap: z.array(peer).max(BOOTSTRAP_PEERS_MAX).default([]),
    })
    .prefault({}),
  rpc: z
    .strictObject({
      host: z.string().default('127.0.0.1'),
      port: port.default(0),
      /** Besides the loopback names: Host headers that clients may use, and origins of pages that may ask. */
      allowedHosts: z.array(z.string()).default([]),
      allowedOrigins: z.array(z.string()).default([]),
      tls: z.strictObject({ certificate: z.string(), key: z.string(), clientAuthority: z.string() }).optional(),
    })
    .prefault({}),
  consensus: z
    .strictObject({
      heartbeatMs: milliseconds(10, 60_000).default(150),
      electionTimeoutMinMs: milliseconds(50, 300_000).default(1_000),
      electionTimeoutMaxMs: milliseconds(100, 600_000).default(2_000),
      /** Longest random wait after a closed leader connection or a split vote: a few round trips keep rivals apart. */
      earlyCampaignMaxMs: milliseconds(1, 60_000).default(200),
      /** How far a block's time may lie from this clock for an ack. */
      clockDriftMaxMs: milliseconds(100, 600_000).default(5_000),
      /** Blocks, and their bytes, that a leader sends ahead of their certificates: long links need more of them. */
      uncertifiedBlocksMax: z.int('expected a number of blocks').min(1).max(IN_FLIGHT_BLOCKS_MAX).default(8),
      uncertifiedBytesMax: z
        .int('expected a number of bytes')
        .min(64 * 1024)
        .max(IN_FLIGHT_BYTES_MAX)
        .default(8 * 1024 * 1024),
      /** How long the oldest waiting transaction waits for company. At 100 tx/s on 2 cores 10 gave less latency than 4 or 16. */
      batchDelayMs: milliseconds(0, 10_000).default(10),
    })
    .prefault({})
    .refine((c) => c.heartbeatMs * 3 <= c.electionTimeoutMinMs, {
      path: ['heartbeatMs'],
      message: 'expected at most a third of electionTimeoutMinMs',
    })
    .refine((c) => c.electionTimeoutMinMs < c.electionTimeoutMaxMs, {
      path: ['electionTimeoutMaxMs'],
      message: 'expected more than electionTimeoutMinMs',
    })
    .refine((c) => c.earlyCampaignMaxMs <= c.electionTimeoutMinMs, {
      path: ['earlyCampaignMaxMs'],
      message: 'expected at most electionTimeoutMinMs',
    })
    .refine((c) => c.batchDelayMs < c.electionTimeoutMinMs, {
      path: ['batchDelayMs'],
      message: 'expected less than electionTimeoutMinMs',
    }),
  snapshot: z
    .strictObject({
      /** Blocks behind from which the node takes a snapshot instead of every block; 0: never, an archive of all blocks. */
      behindBlocks: z.int('expected a whole number').min(0).max(1_000_000_000).default(20_000),
    })
    .prefault({}),
  vault: z
    .strictObject({
      /** What the record keys are wrapped with: exactly one source, never in the data folder. */
      wrappingKey: z
        .union(
          [
            z.strictObject({ file: z.string() }),
            z.strictObject({ environment: z.string() }),
            z.strictObject({ command: z.array(z.string()).min(1) }),
          ],
          'expected one of {file}, {environment}, {command}',
        )
        .optional(),
      disclosure: z.enum(['conceal', 'reveal'], 'expected conceal or reveal').default('reveal'),
      /** What patients ask to have erased: destroyed as soon as it is on the chain, or when somebody here says so. */
      erasure: z.enum(['atOnce', 'byHand'], 'expected atOnce or byHand').default('atOnce'),
    })
    .prefault({}),
  fhir: z
    .strictObject({
      /** Patient.identifier of this system names the person in this institution's index. */
      masterIdentifierSystem: z.string().default('urn:assent:mrn'),
      timeZone: z.string().default('UTC').refine(isTimeZone, 'expected an IANA time zone such as Europe/Berlin'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace'], 'expected a pino level').default('info'),
      /** Standard output when absent. */
      file: z.string().optional(),
    })
    .prefault({}),
})

/** `folder`: what its paths are relative to, the institution's. */
export type Config = z.infer<typeof schema> & { readonly folder: string }
export type ConfigInput = z.input<typeof schema>

/** Checks a parsed configuration and makes its paths absolute against `folder`. */
export function parseConfig(input: unknown, { file, folder }: { file: string; folder: string }): Config {
  const parsed = schema.safeParse(input)
  if (!parsed.success) throw new ConfigError(file, parsed.error.issues.flatMap(describeIssue))
  const config = parsed.data
  const absolute = (path: string): string => resolve(folder, path)
  const { wrappingKey } = config.vault
  return {
    ...config,
    folder,
    genesis: absolute(config.genesis),
    keys: absolute(config.keys),
    dataFolder: absolute(config.dataFolder),
    rpc: {
      ...config.rpc,
      tls: config.rpc.tls && {
        certificate: absolute(config.rpc.tls.certificate),
        key: absolute(config.rpc.tls.key),
        clientAuthority: absolute(config.rpc.tls.clientAuthority),
      },
    },
    vault: {
      ...config.vault,
      wrappingKey: wrappingKey && 'file' in wrappingKey ? { file: absolute(wrappingKey.file) } : wrappingKey,
    },
    log: { ...config.log, file: config.log.file && absolute(config.log.file) },
  }
}

export function loadConfig(file: string): Config {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new ConfigError(file, [`cannot be read: ${(error as NodeJS.ErrnoException).code ?? 'unknown error'}`])
  }
  let input: unknown
  try {
    input = JSON.parse(text)
  } catch (error) {
    throw new ConfigError(file, [`is not JSON: ${(error as Error).message}`])
  }
  return parseConfig(input, { file, folder: dirname(resolve(file)) })
}

function describeIssue(issue: z.core.$ZodIssue): string[] {
  const path = issue.path.length > 0 ? issue.path.join('.') : '(whole file)'
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${[...issue.path, key].join('.')}: unknown field`)
  }
  return [`${path}: ${issue.message}`]
}
