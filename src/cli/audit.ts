// assent audit: who saw a patient's record, when, why; and what happens on the chain while it happens.

import type { Command } from 'commander'
import type { FollowOptions } from '../client/follow.ts'
import { asHash, asIdentityId } from '../types/brand.ts'
import { READ_REASONS } from '../types/signed-read.ts'
import { auditBundle } from './audit-bundle.ts'
import { addAuditReports } from './audit-reports.ts'
import { TRAIL_HEAD, trailRow } from './audit-rows.ts'
import { mergeTrail, readTrail } from './audit-trail.ts'
import { actorFrom, addNodeOptions, connectTo, type NodeOptions } from './connection.ts'
import { eventLine } from './event-line.ts'
import { personFrom } from './identities.ts'
import { oneOf, wholeNumber } from './option-values.ts'
import { counted, print, table, UsageError } from './output.ts'
import { defaultReason, type ReadOptions } from './read-reason.ts'

export function addAudit(program: Command): void {
  const audit = program
    .command('audit')
    .description("read a patient's audit trail, account for disclosures, follow events")
  addTrail(audit)
  addAuditReports(audit)
  addFollow(audit)
}

interface TrailOptions extends NodeOptions, ReadOptions {
  readonly patient: string
  readonly fhir?: boolean
}

function addTrail(audit: Command): void {
  addNodeOptions(
    audit
      .command('trail')
      .description('who asked for a record and why, what was released, what became of consents, who read this log')
      .requiredOption('--patient <id>', "the patient's id, or @FILE of the key file")
      .option('--as <file>', "who reads: a person's key file (default: the folder's institution)")
      .option('--reason <reason>', `${READ_REASONS.join(' | ')} (default: as fits the reader)`)
      .option('--fhir', 'print a FHIR R4 Bundle of AuditEvents'),
  )
    .addHelpText(
      'after',
      `
Examples:
  assent audit trail --folder hospital-a --patient @patient.json --as patient.json
  assent audit trail --folder regulator --patient 5f0c... --reason oversight --fhir

The read is signed, recorded, and part of the trail itself.`,
    )
    .action(async (options: TrailOptions) => {
      const patient = personFrom(options.patient, '--patient')
      if (options.reason !== undefined) oneOf(options.reason, { option: '--reason', accepted: READ_REASONS })
      const { client, genesis } = connectTo(options)
      const signer = actorFrom(options)
      const reason = options.reason ?? defaultReason(signer, genesis)
      const trail = await readTrail(client, { patient, signer, reason })
      const entries = mergeTrail(trail)
      if (options.fhir) {
        const { chainId, institution } = await client.nodeStatus()
        const author = { chainId: asHash(chainId), institution: asIdentityId(institution) }
        print(auditBundle(entries, author), () => '', { json: true })
        return
      }
      const { founders } = genesis.genesis
      print(
        trail,
        () => [
          ...table(
            TRAIL_HEAD,
            entries.map((entry) => trailRow(entry, founders)),
          ),
          '',
          [
            counted(trail.decisions.length, 'decision'),
            counted(trail.changes.length, 'consent change'),
            counted(trail.reads.length, 'log read'),
          ].join(', '),
        ],
        options,
      )
    })
}

interface FollowCommandOptions extends NodeOptions, ReadOptions {
  readonly from?: string
  readonly count?: string
  readonly patient?: string
}

function addFollow(audit: Command): void {
  addNodeOptions(
    audit
      .command('follow')
      .description('print events as they are committed, until Ctrl-C')
      .option('--from <cursor>', 'a height, or the cursor of the last event seen (default: from now on)')
      .option('--count <number>', 'end after so many events')
      .option('--patient <id>', 'also what concerns this patient, an id or @FILE; signed and recorded')
      .option('--as <file>', "who reads: a person's key file (default: the folder's institution)")
      .option('--reason <reason>', READ_REASONS.join(' | ')),
  )
    .addHelpText(
      'after',
      `
Examples:
  assent audit follow --folder hospital-a --from 0
  assent audit follow --folder hospital-a --patient @patient.json --as patient.json

Each line begins with the cursor behind its event. With --json each line is one JSON object.`,
    )
    .action(async (options: FollowCommandOptions) => {
      const from = options.from === undefined ? undefined : cursor(options.from)
      const count =
        options.count === undefined
          ? Number.POSITIVE_INFINITY
          : wholeNumber(options.count, { option: '--count', min: 1 })
      const { client, genesis } = connectTo(options)
      const stop = new AbortController()
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort())
      const follow: FollowOptions = {
        signal: stop.signal,
        ...(from !== undefined && { from }),
        ...readOf(options, genesis),
      }
      let seen = 0
      try {
        for await (const event of client.follow(follow)) {
          const line = options.json ? JSON.stringify(event) : eventLine(event, genesis.genesis.founders)
          process.stdout.write(`${line}\n`)
          if (++seen >= count) break
        }
      } catch (error) {
        if (!stop.signal.aborted) throw error
      }
    })
}

function readOf(
  options: FollowCommandOptions,
  genesis: Parameters<typeof defaultReason>[1],
): Pick<FollowOptions, 'read'> {
  if (options.patient === undefined) return {}
  if (options.reason !== undefined) oneOf(options.reason, { option: '--reason', accepted: READ_REASONS })
  const signer = actorFrom(options)
  const reason = options.reason ?? defaultReason(signer, genesis)
  return { read: { signer, reason, subject: personFrom(options.patient, '--patient') } }
}

/** A height, or `height.index`. */
function cursor(text: string): number | string {
  if (/^\d{1,16}$/.test(text)) return wholeNumber(text, { option: '--from' })
  if (/^\d{1,16}\.\d{1,16}$/.test(text)) return text
  throw new UsageError('--from: expected a height such as 12, or a cursor such as 12.3')
}
