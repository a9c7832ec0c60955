// Structured logs. Never a key, a token, a request body or a resource: fields that could hold one are redacted by name,
// and callers log codes, heights and random ids only.

import pino from 'pino'

export type Log = Pick<pino.Logger, 'fatal' | 'error' | 'warn' | 'info' | 'debug'>

const SECRET_FIELDS = ['seed', 'secretKey', 'passphrase', 'token', 'authorization', 'body', 'resource', 'plaintext']

export function createLog(options: { level: string; file?: string | undefined; name: string }): pino.Logger {
  const destination =
    options.file === undefined
      ? pino.destination({ dest: 1, sync: false })
      : pino.destination({ dest: options.file, mkdir: true, sync: false })
  return pino(
    {
      name: options.name,
      level: options.level,
      redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]), censor: '[redacted]' },
      // A dependency's error message may quote what it was given; its name, code and stack frames do not.
      serializers: { err: describeError, error: describeError },
      timestamp: pino.stdTimeFunctions.isoTime,
    },
    destination,
  )
}

function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { type: typeof error }
  const { code } = error as { code?: unknown }
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at ')) ?? []
  return { type: error.name, ...(typeof code === 'string' ? { code } : {}), stack: frames.slice(0, 8) }
}
