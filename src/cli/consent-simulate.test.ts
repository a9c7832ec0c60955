// The command as outsiders call it: files in, JSON and an exit code out.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { run } from './program.ts'

const folder = mkdtempSync(join(tmpdir(), 'assent-simulate-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  process.exitCode = 0
})

const SYSTEM = 'http://terminology.hl7.org/CodeSystem'
const CONSENT = {
  resourceType: 'Consent',
  id: 'c',
  status: 'active',
  scope: { coding: [{ system: `${SYSTEM}/consentscope`, code: 'patient-privacy' }] },
  patient: { reference: 'Patient/p' },
  performer: [{ reference: 'Patient/p' }],
  organization: [{ reference: 'Organization/a' }],
  provision: { type: 'permit', securityLabel: [{ system: `${SYSTEM}/v3-Confidentiality`, code: 'N' }] },
}
const REQUEST = {
  patient: 'Patient/p',
  custodian: 'Organization/a',
  requester: { practitioner: 'Practitioner/d', organization: 'Organization/b', role: 'physician' },
  purpose: 'TREAT',
  at: '2026-01-31T08:00:00Z',
  groups: {},
  implicitPolicy: 'deny',
  breakGlass: 'override',
  labelling: true,
}

function file(name: string, value: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(value))
  return path
}

async function simulate(...args: string[]) {
  let output = ''
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += text
    return true
  })
  try {
    return { code: await run(['consent', 'simulate', ...args]), output }
  } finally {
    spy.mockRestore()
  }
}

describe('assent consent simulate', () => {
  const consent = file('consent.json', CONSENT)
  const request = file('request.json', REQUEST)

  test('prints outcome, basis, reasons and clauses, and with a resource whether it is released', async () => {
    const resource = file('resource.json', { resourceType: 'Observation', id: '1' })
    const decided = {
      outcome: 'PERMIT_FILTERED',
      basis: 'consent',
      reasons: ['PERMITTED', 'LIMITED'],
      clauses: [{ consent: 1, id: 'c', version: 1, clause: 0, type: 'permit', group: null }],
    }
    const without = await simulate('--consent', consent, '--request', request, '--json')
    expect([without.code, JSON.parse(without.output)]).toEqual([0, decided])
    const released = await simulate('--consent', consent, '--request', request, '--resource', resource, '--json')
    expect([released.code, JSON.parse(released.output)]).toEqual([0, { ...decided, released: true }])
  })

  test('takes several Consents, and exits with 0 on a denial, too', async () => {
    const deny = file('deny.json', { ...CONSENT, id: 'd', provision: { type: 'deny' } })
    const { code, output } = await simulate('--consent', consent, '--consent', deny, '--request', request, '--json')
    expect([code, JSON.parse(output)]).toMatchObject([0, { outcome: 'DENY', reasons: ['DENIED'] }])
    expect(JSON.parse(output).clauses.map(({ consent: position }: { consent: number }) => position)).toHaveLength(2)
  })

  test('exits with 2 and an OperationOutcome where an input is refused', async () => {
    const unlabelled = file('unlabelled.json', { ...REQUEST, labelling: false })
    const { code, output } = await simulate('--consent', consent, '--request', unlabelled, '--json')
    expect([code, JSON.parse(output)]).toMatchObject([
      2,
      {
        resourceType: 'OperationOutcome',
        issue: [{ severity: 'error', expression: ['Consent.provision.securityLabel'] }],
      },
    ])
  })

  test('says it in words without --json', async () => {
    const { code, output } = await simulate('--consent', consent, '--request', request)
    expect(code).toBe(0)
    expect(output).toContain('PERMIT_FILTERED')
    expect(output).toContain('permit of Consent 1 (c) version 1')
  })
})
