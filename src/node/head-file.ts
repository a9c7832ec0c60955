// A certified head as a file, for those who decide from where a chain goes on: public, and proven by its certificate.

import { readFileSync, writeFileSync } from 'node:fs'
import * as z from 'zod'
import { type Header, headerCodec } from '../types/block.ts'
import { fromBytes, record, toBytes } from '../types/canonical.ts'
import { DecodeError } from '../types/canonical-bytes.ts'
import { type CommitCert, commitCertCodec } from '../types/certificate.ts'
import type { ShownHead } from './recovery.ts'
import { RecoveryError } from './recovery-error.ts'

const codec = record<{ header: Header; commitCert: CommitCert }>({ header: headerCodec, commitCert: commitCertCodec })
const schema = z.strictObject({
  format: z.literal('assent-head/1'),
  chainId: z.string(),
  height: z.int(),
  head: z.base64(),
})

export function saveHead(file: string, head: Omit<ShownHead, 'from'>): void {
  const { header, commitCert } = head
  const bytes = toBytes(codec, { header, commitCert }).toBase64()
  const content = { format: 'assent-head/1', chainId: header.chainId, height: header.height, head: bytes }
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`)
}

/** Form only; node/recovery.ts checks the certificate. Throws RecoveryError. */
export function loadHead(file: string): ShownHead {
  try {
    const { head } = schema.parse(JSON.parse(readFileSync(file, 'utf8')))
    return { from: file, ...fromBytes(codec, Uint8Array.fromBase64(head)) }
  } catch (error) {
    if (error instanceof DecodeError || error instanceof SyntaxError || error instanceof z.ZodError) {
      throw new RecoveryError(`${file}: not a head as 'assent recover head' writes it`)
    }
    const { code } = error as NodeJS.ErrnoException
    if (code !== undefined) throw new RecoveryError(`${file}: cannot be read: ${code}`)
    throw error
  }
}
