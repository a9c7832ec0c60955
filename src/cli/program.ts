// The command line: one file per command. A failure that the user can mend is one clear line and exit code 2; anything
// else is exit code 1.

import { Command, CommanderError } from 'commander'
import { addAccess } from './access.ts'
import { addAudit } from './audit.ts'
import { addClause } from './clause.ts'
import { addConsensus } from './consensus.ts'
import { addConsent } from './consent.ts'
import { addDevnet } from './devnet.ts'
import { addEnroll } from './enroll.ts'
import { addEvidence } from './evidence.ts'
import { addGenesis } from './genesis.ts'
import { addGovernance } from './governance.ts'
import { addInit } from './init.ts'
import { addKeys } from './keys.ts'
import { addPatient } from './patient.ts'
import { addPolicy } from './policy.ts'
import { addRecords } from './records.ts'
import { addRecover } from './recover.ts'
import { addSignState } from './sign-state.ts'
import { addStart } from './start.ts'
import { addStatus } from './status.ts'
import { describeError, isUserError } from './user-error.ts'
import { addValidator } from './validator.ts'
import { addVerify } from './verify.ts'

const COMMANDS = [
  addDevnet,
  addInit,
  addGenesis,
  addKeys,
  addStart,
  addSignState,
  addStatus,
  addConsensus,
  addEvidence,
  addValidator,
  addGovernance,
  addEnroll,
  addRecords,
  addConsent,
  addPolicy,
  addPatient,
  addAccess,
  addAudit,
  addVerify,
  addRecover,
  addClause,
] as const

export async function run(args: readonly string[]): Promise<number> {
  const program = new Command('assent')
    .description('A permissioned ledger that decides who may see which patient record, and proves it afterwards.')
    .version('0.1.0')
    .exitOverride()
    .showHelpAfterError('(add --help for the accepted options)')
  for (const add of COMMANDS) add(program)
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
