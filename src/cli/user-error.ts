// Errors as the person at the keyboard sees them: which the user can mend by another command, file or option (exit code
// 2), and what is said about each. The rest are faults of the program or the machine, or a refusal (exit code 1).

import { ClientError } from '../client/errors.ts'
import { AbiError } from '../contracts/abi.ts'
import { ContractError } from '../contracts/errors.ts'
import { CompileError } from '../contracts/lang/diagnostics.ts'
import { FhirError } from '../fhir/errors.ts'
import { LedgerError, type LedgerErrorCode } from '../ledger/errors.ts'
import { SignStateMoveError } from '../ledger/sign-state-move.ts'
import { ConfigError } from '../node/config.ts'
import { GenesisError } from '../node/genesis-file.ts'
import { KeyFileError } from '../node/key-file.ts'
import { RecoveryError } from '../node/recovery-error.ts'
import { StartError } from '../node/start-error.ts'
import { P2pError } from '../p2p/errors.ts'
import { ListenError } from '../rpc/listen-policy.ts'
import { HexError } from '../types/brand.ts'
import { VaultError } from '../vault/errors.ts'
import { UsageError } from './output.ts'
import { reasonInWords } from './words.ts'

const USER_ERRORS = [
  UsageError,
  CompileError,
  ContractError,
  AbiError,
  ConfigError,
  GenesisError,
  KeyFileError,
  HexError,
  StartError,
  SignStateMoveError,
  RecoveryError,
  ListenError,
] as const

/** Of a data folder that is not the right one, or not usable as it is. */
const DATA_FOLDER: readonly LedgerErrorCode[] = [
  'DATA_LOCKED',
  'DATA_READ_ONLY',
  'DATA_OTHER_CHAIN',
  'DATA_NEWER_FORMAT',
  'DATA_CORRUPT',
  'STORE_FAILED',
  'GENESIS_REFUSED',
  'NOT_ON_CHAIN',
]

/** What the operating system says about a path that a user named. */
const PATH_CODES = ['EACCES', 'EEXIST', 'EISDIR', 'ENOENT', 'ENOSPC', 'ENOTDIR', 'EPERM', 'EROFS']

export function isUserError(error: unknown): boolean {
  if (error instanceof LedgerError) return DATA_FOLDER.includes(error.code)
  if (error instanceof VaultError) return error.code !== 'TAMPERED'
  if (error instanceof P2pError) return error.code === 'listen-failed'
  if (error instanceof FhirError) return error.code === 'BINDING_INVALID'
  if (error instanceof ClientError) return error.code === 'BAD_ARGUMENT'
  return USER_ERRORS.some((kind) => error instanceof kind) || pathError(error) !== null
}

/** The message, and what to do about it where that is known. No stack, no value of health data. */
export function describeError(error: unknown): string {
  if (error instanceof ClientError) return [error.message, ...adviceFor(error)].join('\n  ')
  const path = pathError(error)
  if (path !== null) return `${path.path}: ${path.code}, cannot ${path.syscall ?? 'use it'}`
  return error instanceof Error ? error.message : String(error)
}

function adviceFor({ code, refusal }: ClientError): readonly string[] {
  if (code === 'UNREACHABLE') return ['is the node running? `assent start` runs it, --folder or --url says which one']
  if (refusal === undefined) return []
  const { reason, action, problems } = refusal
  if (problems !== undefined)
    return problems.map(({ path, reason, accepted }) => `${path}: ${reason}; accepted: ${accepted}`)
  const words = reason === undefined ? reason : reasonInWords(reason)
  if (words !== reason) return [`reason: ${words}`]
  return action === undefined ? [] : [`what to do: ${action}`]
}

function pathError(error: unknown): (NodeJS.ErrnoException & { path: string }) | null {
  if (!(error instanceof Error)) return null
  const { code, path } = error as NodeJS.ErrnoException
  return path !== undefined && code !== undefined && PATH_CODES.includes(code) ? (error as never) : null
}
