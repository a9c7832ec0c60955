// The command line: one file per command. A failure that the user can mend is one clear line and exit code 2; anything
// else is exit code 1.

import { Command, CommanderError } from 'commander'
import { describeError, isUserError } from './user-error.ts'

type Add = (program: Command) => void

/** By name, in the order of the help. Each is read when it is called: half of a start would be for the others. */
const COMMANDS: { readonly [name: string]: () => Promise<Add> } = {
  devnet: async () => (await import('./devnet.ts')).addDevnet,
  init: async () => (await import('./init.ts')).addInit,
  genesis: async () => (await import('./genesis.ts')).addGenesis,
  keys: async () => (await import('./keys.ts')).addKeys,
  start: async () => (await import('./start.ts')).addStart,
  signstate: async () => (await import('./sign-state.ts')).addSignState,
  status: async () => (await import('./status.ts')).addStatus,
  consensus: async () => (await import('./consensus.ts')).addConsensus,
  evidence: async () => (await import('./evidence.ts')).addEvidence,
  validator: async () => (await import('./validator.ts')).addValidator,
  governance: async () => (await import('./governance.ts')).addGovernance,
  enroll: async () => (await import('./enroll.ts')).addEnroll,
  records: async () => (await import('./records.ts')).addRecords,
  consent: async () => (await import('./consent.ts')).addConsent,
  policy: async () => (await import('./policy.ts')).addPolicy,
  patient: async () => (await import('./patient.ts')).addPatient,
  access: async () => (await import('./access.ts')).addAccess,
  audit: async () => (await import('./audit.ts')).addAudit,
  verify: async () => (await import('./verify.ts')).addVerify,
  recover: async () => (await import('./recover.ts')).addRecover,
  clause: async () => (await import('./clause.ts')).addClause,
}

export async function run(args: readonly string[]): Promise<number> {
  const program = new Command('assent')
    .description('A permissioned ledger that decides who may see which patient record, and proves it afterwards.')
    .version('0.1.0')
    .exitOverride()
    .showHelpAfterError('(add --help for the accepted options)')
  const [name = ''] = args
  // Without a command that there is: the help of all, or what is near to what was typed.
  const called = Object.hasOwn(COMMANDS, name) ? [name] : Object.keys(COMMANDS)
  for (const each of called) (await (COMMANDS[each] as () => Promise<Add>)())(program)
  try {
    await program.parseAsync(args as string[], { from: 'user' })
    return Number(process.exitCode ?? 0)
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
    process.stderr.write(`assent: ${describeError(error)}\n`)
    if (isUserError(error)) return 2
    if (process.env.ASSENT_DEBUG) process.stderr.write(`${(error as Error).stack}\n`)
    return 1
  }
}
