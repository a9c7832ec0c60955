// Which errors the user can mend by another command, file or option; the rest are faults of the program or the machine.

import { ConfigError } from '../node/config.ts'
import { GenesisError } from '../node/genesis-file.ts'
import { KeyFileError } from '../node/key-file.ts'
import { HexError } from '../types/brand.ts'
import { UsageError } from './output.ts'

export function isUserError(error: unknown): boolean {
  return [UsageError, ConfigError, GenesisError, KeyFileError, HexError].some((kind) => error instanceof kind)
}
