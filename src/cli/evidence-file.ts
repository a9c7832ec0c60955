// A proof in a file: as `assent evidence show` wrote it, be it with --out or with --json.

import { readFileSync } from 'node:fs'
import * as z from 'zod'
import { decodeShownEvidence, type ShownEvidence } from '../consensus/evidence/shown-evidence.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { UsageError } from './output.ts'

const ACCEPTED = 'expected what assent evidence show wrote, with --out or --json'
const jsonSchema = z.object({ evidence: z.base64() })
const OPENING_BRACE = 0x7b

export function readEvidenceFile(file: string): ShownEvidence {
  let content: Uint8Array
  try {
    content = Uint8Array.from(readFileSync(file))
  } catch (error) {
    throw new UsageError(`${file}: cannot be read: ${(error as NodeJS.ErrnoException).code}`)
  }
  try {
    return decodeShownEvidence(content[0] === OPENING_BRACE ? bytesIn(content) : content)
  } catch (error) {
    if (error instanceof DecodeError) throw new UsageError(`${file}: is no evidence: ${error.message}; ${ACCEPTED}`)
    throw error
  }
}

function bytesIn(content: Uint8Array): Uint8Array {
  try {
    return Uint8Array.fromBase64(jsonSchema.parse(JSON.parse(new TextDecoder().decode(content))).evidence)
  } catch (error) {
    throw new DecodeError((error as Error).message.split('\n')[0] ?? 'not JSON')
  }
}
