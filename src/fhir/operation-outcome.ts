// Problems as a FHIR R4 OperationOutcome: what a sender of FHIR is answered (422). No value of the resource appears.

import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes'
import type { ElementProblem, ProblemCode } from './problem.ts'

/** hl7.org/fhir/R4/valueset-issue-type.html */
const ISSUE_TYPE: Readonly<Record<ProblemCode, OperationOutcomeIssue['code']>> = {
  required: 'required',
  invalid: 'value',
  unsupported: 'not-supported',
  unknown: 'structure',
  unresolved: 'not-found',
  conflict: 'invariant',
  'too-many': 'too-long',
}

export function operationOutcome(problems: readonly ElementProblem[]): OperationOutcome {
  return {
    resourceType: 'OperationOutcome',
    issue: problems.map(
      ({ code, path, reason, accepted }): OperationOutcomeIssue => ({
        severity: 'error',
        code: ISSUE_TYPE[code],
        diagnostics: `${reason}; accepted: ${accepted}`,
        expression: [path],
      }),
    ),
  }
}
