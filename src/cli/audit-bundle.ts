// The audit trail as a FHIR R4 Bundle of AuditEvents (IHE BALP). Changes of consents are no AuditEvents there: they stand in
// the consents themselves.

import type { AuditEvent, Bundle } from '@medplum/fhirtypes'
import { logReadAuditEvent, releaseAuditEvent } from '../fhir/audit-disclosure.ts'
import { decisionAuditEvent } from '../fhir/audit-event.ts'
import type { Author } from '../fhir/audit-parts.ts'
import { assertNever } from '../types/assert.ts'
import type { TrailEntry } from './audit-trail.ts'

/** Addresses stand in the logs of the nodes that were asked, not on the chain. */
const UNKNOWN_ADDRESS = null

export function auditBundle(entries: readonly TrailEntry[], author: Author): Bundle<AuditEvent> {
  const events = entries.flatMap((entry) => auditEvent(entry, author) ?? [])
  return { resourceType: 'Bundle', type: 'collection', entry: events.map((resource) => ({ resource })) }
}

function auditEvent(entry: TrailEntry, author: Author): AuditEvent | null {
  switch (entry.kind) {
    case 'decision':
      return decisionAuditEvent(entry.decision, { author, clientAddress: UNKNOWN_ADDRESS })
    case 'release': {
      const ends = { custodianAddress: UNKNOWN_ADDRESS, recipientAddress: UNKNOWN_ADDRESS }
      return releaseAuditEvent({ entry: entry.decision, release: entry.release, ends, author })
    }
    case 'read': {
      const { number, subject, ...read } = entry.read
      if (subject === null) return null
      const context = { author, subjectKind: 'patient', readerAddress: UNKNOWN_ADDRESS } as const
      return logReadAuditEvent({ number, read: { ...read, subject } }, context)
    }
    case 'change':
      return null
    default:
      return assertNever(entry)
  }
}
