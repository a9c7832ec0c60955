// The request that `access request` submits and `access decide` asks about, from the same options.

import { join } from 'node:path'
import type { Command } from 'commander'
import type { Client } from '../client/client.ts'
import type { LoadedGenesis } from '../node/genesis-file.ts'
import { loadKeyFile } from '../node/key-file.ts'
import type { IdentityId } from '../types/brand.ts'
import { type BreakGlassComment, commitToComment } from './break-glass-comment.ts'
import { type Actor, addNodeOptions, type NodeOptions } from './connection.ts'
import { keysSchema, readAnswer } from './contract-answers.ts'
import { idFrom, institutionFrom, personFrom } from './identities.ts'
import { UsageError } from './output.ts'
import { assertCode } from './policy-codes.ts'

export interface AccessOptions extends NodeOptions {
  readonly as?: string
  readonly practitioner?: string
  readonly role?: string
  readonly institution?: string
  readonly patient: string
  readonly custodian: string
  readonly purpose: string
  readonly record?: readonly string[]
  readonly breakGlassReason?: string
  readonly comment?: string
}

export function addAccessOptions(command: Command): Command {
  return addNodeOptions(
    command
      .requiredOption('--patient <id>', "the patient's id, or @FILE of the key file")
      .requiredOption('--custodian <name or id>', 'the institution that holds the record')
      .requiredOption('--purpose <code>', 'what for, such as TREAT')
      .option(
        '--role <role>',
        'as what the practitioner asks, such as physician (an institution for itself: institution)',
      )
      .option('--practitioner <id>', 'who asks, an id or @FILE (default: the person of --as)')
      .option('--institution <name or id>', "for which institution (default: the folder's)")
      .option('--record <id...>', 'only these records (default: the whole record)')
      .option(
        '--break-glass-reason <code>',
        'with --purpose BTG: unconscious, lifeThreat, publicSafety, continuity, other',
      )
      .option('--comment <text>', 'with --purpose BTG: why, in words; stays here'),
  )
}

/** Arguments of `access.request`. */
export interface RequestArguments {
  readonly patient: IdentityId
  readonly custodian: IdentityId
  readonly practitioner: IdentityId | null
  readonly role: string
  readonly institution: IdentityId
  readonly purpose: string
  readonly records: readonly IdentityId[]
  readonly recipientKey: string
  readonly breakGlass: { readonly reason: string; readonly comment: string } | null
  readonly [argument: string]: string | null | readonly string[] | { readonly [field: string]: string }
}

/** `signer`: who will submit it; its practitioner, unless another is named. Throws UsageError naming the option. */
export async function accessRequest(
  options: AccessOptions,
  { client, genesis, signer }: { client: Client; genesis: LoadedGenesis; signer: Actor | null },
): Promise<{ args: RequestArguments; comment: BreakGlassComment | null }> {
  const { founders } = genesis.genesis
  const named = options.practitioner === undefined ? null : personFrom(options.practitioner, '--practitioner')
  const practitioner = named ?? (signer?.kind === 'person' ? signer.identity : null)
  const comment = breakGlassOf(options)
  const own = options.institution === undefined ? loadKeyFile(join(options.folder, 'keys.json')) : null
  const institution =
    own?.institution ?? institutionFrom(options.institution as string, { founders, option: '--institution' })
  const patient = personFrom(options.patient, '--patient')
  const custodian = institutionFrom(options.custodian, { founders, option: '--custodian' })
  const records = (options.record ?? []).map((id) => idFrom(id, { option: '--record', accepted: 'the id of a record' }))
  const role = roleOf(options, practitioner)
  await assertCode(client, { kind: 'role', code: role, option: '--role' })
  await assertCode(client, { kind: 'purpose', code: options.purpose, option: '--purpose' })
  if (comment !== null) {
    await assertCode(client, { kind: 'reason', code: comment.reason, option: '--break-glass-reason' })
  }
  const args = {
    patient,
    custodian,
    practitioner,
    role,
    institution,
    purpose: options.purpose,
    records,
    recipientKey: own?.encryption.publicKey ?? (await encryptionKeyOf(institution, client)),
    breakGlass: comment === null ? null : { reason: comment.reason, comment: comment.commitment },
  }
  return { args, comment }
}

function roleOf({ role }: AccessOptions, practitioner: IdentityId | null): string {
  if (role !== undefined) return role
  if (practitioner === null) return 'institution'
  throw new UsageError('--role: needed for a practitioner, such as physician or nurse')
}

function breakGlassOf({ purpose, breakGlassReason, comment }: AccessOptions): BreakGlassComment | null {
  if (purpose !== 'BTG') {
    const option = breakGlassReason !== undefined ? '--break-glass-reason' : '--comment'
    if (breakGlassReason === undefined && comment === undefined) return null
    throw new UsageError(`${option}: goes with --purpose BTG only`)
  }
  if (breakGlassReason === undefined) throw new UsageError('--break-glass-reason: needed with --purpose BTG')
  if (comment === undefined || comment.trim() === '') {
    throw new UsageError('--comment: needed with --purpose BTG: why, in words; it stays at this institution')
  }
  return commitToComment({ reason: breakGlassReason, text: comment })
}

/** What the records are sealed to, so that the institution's node can open them. */
async function encryptionKeyOf(institution: IdentityId, client: Client): Promise<string> {
  const args = { identity: institution, kind: 'encryption' }
  const { value } = await client.query({ contract: 'registry', method: 'keysOf', args })
  const [key] = readAnswer(value, { schema: keysSchema, method: 'registry.keysOf' })
  if (key !== undefined) return key.key
  throw new UsageError(
    '--institution: has no encryption key in the registry; expected an institution of this consortium',
  )
}
