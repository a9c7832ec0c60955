// Who is proven to have lied. One predicate for each kind of evidence; each file says why nobody honest meets it.

import type { Seat } from '../../types/brand.ts'
import { DecodeError } from '../../types/canonical-bytes.ts'
import type { Verifier } from '../certificate.ts'
import { convictE1 } from './e1.ts'
import { convictE2 } from './e2.ts'
import { convictE3 } from './e3.ts'
import { convictE4 } from './e4.ts'
import { convictE5 } from './e5.ts'
import { convictE6 } from './e6.ts'
import { convictE7 } from './e7.ts'
import { convictE8 } from './e8.ts'
import { decodeEvidence, type Evidence } from './evidence.ts'

/** The seats that the evidence proves guilty, ascending; none where it proves nothing. Decoded evidence never throws. */
export function convict(evidence: Evidence, verifier: Verifier): readonly Seat[] {
  switch (evidence.kind) {
    case 'E1':
      return convictE1(evidence, verifier)
    case 'E2':
      return convictE2(evidence, verifier)
    case 'E3':
      return convictE3(evidence, verifier)
    case 'E4':
      return convictE4(evidence, verifier)
    case 'E5':
      return convictE5(evidence, verifier)
    case 'E6':
      return convictE6(evidence, verifier)
    case 'E7':
      return convictE7(evidence, verifier)
    case 'E8':
      return convictE8(evidence, verifier)
  }
}

/** The same for bytes from anywhere: what is no evidence proves nothing. */
export function convictBytes(encoded: Uint8Array, verifier: Verifier): readonly Seat[] {
  try {
    return convict(decodeEvidence(encoded), verifier)
  } catch (error) {
    if (error instanceof DecodeError) return []
    throw error
  }
}
