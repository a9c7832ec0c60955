// A consortium of two from nothing but the command line: hospital A validates, hospital B observes. From keys to consent,
// access, audit and verification, as an operator, a physician, a patient and a stranger would do it.

import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AssentNode, assent, type Finished, freePorts } from '../support/assent-cli.ts'

const NOBODY = 65_534
const MRN = 'urn:assent:mrn'

let home: string
let a: AssentNode
let b: AssentNode

const path = (...parts: string[]) => join(home, ...parts)
const run = (...args: string[]): Promise<Finished> => assent(args, { cwd: home })
const write = (name: string, content: object | string): void =>
  writeFileSync(path(name), typeof content === 'string' ? content : JSON.stringify(content))
const readJson = (name: string) => JSON.parse(readFileSync(path(name), 'utf8'))

/** Runs a command that must succeed; answers what it printed. */
async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await run(...args)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
}
const json = async (...args: string[]) => JSON.parse(await done(...args, '--json'))

/** Runs a command that must fail: with this exit code, a message and nothing of the program's insides. */
async function fails(code: 1 | 2, message: RegExp, ...args: string[]): Promise<Finished> {
  const finished = await run(...args)
  expect(finished.stdout + finished.stderr).toMatch(message)
  expect(finished.stderr).not.toMatch(/^\s+at .*:\d+/m)
  expect(finished.code).toBe(code)
  return finished
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'assent-e2e-'))
  chmodSync(home, 0o755)
  const [p2pA = 0, rpcA = 0, p2pB = 0, rpcB = 0] = await freePorts(4)
  const init = (folder: string, name: string, role: string, p2p: number, rpc: number) =>
    done(
      ...['init', '--name', name, '--kind', 'hospital', '--role', role, '--folder', folder],
      ...['--listen', `/ip4/127.0.0.1/tcp/${p2p}`, '--rpc-port', String(rpc)],
    )
  await Promise.all([init('a', 'Hospital A', 'validator', p2pA, rpcA), init('b', 'Hospital B', 'observer', p2pB, rpcB)])
  await done('genesis', 'build', '--name', 'Two hospitals', '--card', 'a/join-card.json', 'b/join-card.json')
  await done('genesis', 'sign', '--genesis', 'genesis.json', '--folder', 'a')
  expect(await done('genesis', 'sign', '--genesis', 'genesis.json', '--folder', 'b')).toContain('Complete')
  for (const folder of ['a', 'b']) cpSync(path('genesis.json'), path(folder, 'genesis.json'))
  a = new AssentNode('a', { cwd: home, rpcUrl: `http://127.0.0.1:${rpcA}` })
  b = new AssentNode('b', { cwd: home, rpcUrl: `http://127.0.0.1:${rpcB}` })
  await Promise.all([a.ready(), b.ready()])
}, 120_000)

afterAll(async () => {
  await Promise.all([a?.stop(), b?.stop()])
  rmSync(home, { recursive: true, force: true })
})

describe('people and records', () => {
  it('a hospital enrols a patient and keeps a record; the other enrols a physician', async () => {
    write('patient-fhir.json', { resourceType: 'Patient', identifier: [{ system: MRN, value: 'E2E-1' }] })
    const patient = await json(
      'enroll',
      'patient',
      '--folder',
      'a',
      '--file',
      'patient-fhir.json',
      '--keys',
      'patient.json',
    )
    expect(patient.created).toBe(true)
    expect(readJson('patient.json').identity).toBe(patient.patient)
    await done('keys', 'person', '--out', 'dr-b.json')
    await done('enroll', 'practitioner', '--folder', 'b', '--keys', 'dr-b.json', '--role', 'physician')
    write('observation.json', '{ "resourceType": "Observation", "status": "final", "valueDecimal": 1.50 }\n')
    await done('records', 'store', '--folder', 'a', '--patient', '@patient.json', '--file', 'observation.json')
    expect(await done('status', '--folder', 'b')).toMatch(/^institution +Hospital B\nrole +observer/)
  })

  it('a Patient without the master identifier is refused, the element named, its values not', async () => {
    write('stranger.json', { resourceType: 'Patient', identifier: [{ system: 'urn:other', value: 'SECRET-7' }] })
    const { stderr } = await fails(
      1,
      /Patient\.identifier/,
      'enroll',
      'patient',
      '--folder',
      'a',
      '--file',
      'stranger.json',
      '--keys',
      'stranger-keys.json',
    )
    expect(stderr).not.toContain('SECRET-7')
    expect(existsSync(path('stranger-keys.json'))).toBe(false)
  })

  it('a Patient who is enrolled already keeps id and keys', async () => {
    const args = ['--folder', 'a', '--file', 'patient-fhir.json', '--keys', 'second.json']
    const again = await json('enroll', 'patient', ...args)
    expect(again).toEqual({ patient: readJson('patient.json').identity, created: false })
    expect(existsSync(path('second.json'))).toBe(false)
  })
})

const coding = (system: string, code: string) => ({
  coding: [{ system: `http://terminology.hl7.org/CodeSystem/${system}`, code }],
})
const fhirConsent = {
  resourceType: 'Consent',
  id: 'treatment',
  status: 'active',
  scope: coding('consentscope', 'patient-privacy'),
  patient: { reference: 'Patient/1' },
  performer: [{ reference: 'Patient/1' }],
  organization: [{ reference: 'Organization/a' }],
  policyRule: coding('v3-ActCode', 'OPTIN'),
  provision: {
    actor: [{ role: coding('v3-ParticipationType', 'IRCP'), reference: { reference: 'Organization/b' } }],
    purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'TREAT' }],
  },
}
const references = {
  'Patient/1': 'patient:@patient.json',
  'Organization/a': 'organization:Hospital A',
  'Organization/b': 'organization:Hospital B',
}
const wish = (purpose: string, ...more: string[]) => [
  ...['--folder', 'b', '--as', 'dr-b.json', '--role', 'physician', '--patient', '@patient.json'],
  ...['--custodian', 'Hospital A', '--purpose', purpose, ...more],
]

describe('consent and access', () => {
  it('a Consent that cannot be translated is refused with an OperationOutcome', async () => {
    const securityLabel = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality', code: 'N' }]
    write('labelled.json', { ...fhirConsent, provision: { ...fhirConsent.provision, securityLabel } })
    write('references.json', references)
    const args = ['consent', 'register', '--folder', 'a', '--file', 'labelled.json', '--references', 'references.json']
    await fails(1, /Consent\.provision\.securityLabel: .*\n +accepted: /, ...args)
    const { stdout } = await fails(1, /OperationOutcome/, ...args, '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code: 'not-supported', expression: ['Consent.provision.securityLabel'] }],
    })
    await fails(
      1,
      /Consent\.organization\[0\]\.reference/,
      'consent',
      'register',
      '--folder',
      'a',
      '--file',
      'labelled.json',
    )
  })

  it('the custodian attests a Consent; the patient reads what it says', async () => {
    write('consent.json', fhirConsent)
    const args = Object.entries(references).flatMap(([name, who]) => ['--reference', `${name}=${who}`])
    expect(await done('consent', 'register', '--folder', 'a', '--file', 'consent.json', ...args)).toMatch(
      /^Registered: /,
    )
    const list = await done('consent', 'list', '--folder', 'a', '--patient', '@patient.json', '--as', 'patient.json')
    expect(list).toContain('active, version 1, at Hospital A, attested by Hospital A')
    expect(list).toContain('permits treatment (TREAT) to Hospital B')
  })

  it('the consent comes out as FHIR again, and in again as what it was', async () => {
    const [{ consent }] = await json(
      'consent',
      'list',
      '--folder',
      'a',
      '--patient',
      '@patient.json',
      '--as',
      'patient.json',
    )
    const exported = ['consent', 'export', '--folder', 'a', '--patient', '@patient.json', '--consent', consent]
    const resource = JSON.parse(await done(...exported))
    expect(resource).toMatchObject({ resourceType: 'Consent', id: 'treatment', status: 'active' })
    write('exported.json', resource)
    const again = await json('consent', 'register', '--folder', 'a', '--file', 'exported.json')
    expect(again.consents).toEqual([{ consent, version: 2 }])
    const { provision } = JSON.parse(await done(...exported))
    expect(provision).toEqual(resource.provision)
    await fails(2, /--consent: this custodian has no such consent/, ...exported.with(3, 'b'))
  })

  it('the physician is permitted, and fetches the record byte for byte, for nobody else to read', async () => {
    const text = await done('access', 'request', ...wish('TREAT', '--receipt', 'access-receipt.json'))
    expect(text).toMatch(/^outcome +PERMIT: .*\nbasis +the patient's consent\nbecause +a clause permits \(PERMITTED\)/)
    const decision = /^decision +(\d+)$/m.exec(text)?.[1] as string
    const explained = await done('access', 'explain', decision, '--folder', 'a')
    expect(explained).toMatch(/same outcome +yes\n\n[\s\S]*root +permit +matches/)
    const asPatient = ['--patient', '@patient.json', '--as', 'patient.json', '--folder', 'b']
    expect(await json('access', 'explain', decision, ...asPatient)).toMatchObject({ same: true, erased: [] })
    await fails(2, /has no part in a decision with this number/, 'access', 'explain', '999', '--folder', 'a')
    const fetched = await json(
      'access',
      'fetch',
      '--folder',
      'b',
      '--patient',
      '@patient.json',
      '--decision',
      decision,
      '--out',
      'got',
    )
    const [file, ...others] = readdirSync(path('got'))
    expect(others).toEqual([])
    expect(readFileSync(path('got', file as string))).toEqual(readFileSync(path('observation.json')))
    expect(statSync(path('got', file as string)).mode & 0o777).toBe(0o600)
    expect(fetched.records[0].record).toBe(file?.replace('.json', ''))
  })

  it('a purpose that the role may not claim is denied, with its reason in words', async () => {
    await fails(
      1,
      /DENY: nothing is released[\s\S]*may not claim this purpose \(ROLE_PURPOSE\)/,
      'access',
      'request',
      ...wish('HRESCH'),
    )
  })

  it('break-glass sends a commitment, and keeps the words', async () => {
    const text = 'unresponsive at the roadside'
    const args = wish('BTG', '--break-glass-reason', 'unconscious', '--comment', text)
    const answer = await json('access', 'request', ...args)
    expect(answer).toMatchObject({ outcome: 'PERMIT_BTG', basis: 'breakGlass' })
    expect(readJson(answer.comment)).toMatchObject({ reason: 'unconscious', text })
  })

  it('the patient denies, asks what that means, takes it back, and nobody else may', async () => {
    const signed = ['--folder', 'b', '--as', 'patient.json', '--custodian', 'Hospital A', '--recipient', 'Hospital B']
    const { consent } = await json(
      'consent',
      'sign',
      ...signed,
      '--deny',
      '--purpose',
      'TREAT',
      '--receipt',
      'deny.json',
    )
    const asked = [
      ...['access', 'decide', '--folder', 'a', '--as', 'patient.json', '--patient', '@patient.json'],
      ...['--practitioner', '@dr-b.json', '--role', 'physician', '--institution', 'Hospital B'],
      ...['--custodian', 'Hospital A', '--purpose', 'TREAT'],
    ]
    await fails(1, /DENY[\s\S]*a clause denies \(DENIED\)/, ...asked)
    await fails(
      1,
      /consent\.revoke was refused: NOT_AUTHORIZED: /,
      'consent',
      'revoke',
      '--folder',
      'b',
      '--as',
      'dr-b.json',
      '--consent',
      consent,
    )
    await done('consent', 'revoke', '--folder', 'b', '--as', 'patient.json', '--consent', consent)
    expect(await done(...asked)).toContain('PERMIT')
    await fails(1, /CONSENT_ENDED/, 'consent', 'revoke', '--folder', 'b', '--as', 'patient.json', '--consent', consent)
  })
})

describe('the settings of a custodian', () => {
  it('are its own to change; what is not stated stays as it is', async () => {
    expect(await json('policy', 'show', '--folder', 'b', '--custodian', 'Hospital A')).toMatchObject({ version: 0 })
    await done('policy', 'set', '--folder', 'a', '--break-glass', 'consentOnly')
    const set = await json('policy', 'set', '--folder', 'a', '--break-glass', 'override', '--labelling')
    const settings = { implicitPolicy: 'deny', breakGlass: 'override', labelling: true, version: 2 }
    expect(set).toEqual(settings)
    expect(await json('policy', 'show', '--folder', 'a')).toEqual(settings)
    await fails(2, /--implicit: expected deny, basicNormal/, 'policy', 'set', '--folder', 'a', '--implicit', 'permit')
    await fails(2, /at least one of them is needed/, 'policy', 'set', '--folder', 'a')
  })

  it('decide whether it takes consents about labels', async () => {
    const labelled = readJson('labelled.json')
    // Another Consent, and one that decides nothing of what follows.
    const purpose = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HMARKT' }]
    write('about-labels.json', { ...labelled, id: 'about-labels', provision: { ...labelled.provision, purpose } })
    const args = ['--folder', 'a', '--file', 'about-labels.json', '--references', 'references.json']
    expect(await done('consent', 'register', ...args)).toMatch(/^Registered: consent [0-9a-f]{64}, version 1/)
  })
})

describe('audit', () => {
  const trail = ['audit', 'trail', '--folder', 'b', '--patient', '@patient.json', '--as', 'patient.json']

  it('the patient sees who asked, what was released, what became of consents, who read', async () => {
    const text = await done(...trail)
    for (const row of [
      /consent given +Hospital A +consent/,
      /decision 1 +physician [0-9a-f]{12}, Hospital B +PERMIT for treatment \(TREAT\) at Hospital A/,
      /release 1\/1 +Hospital A +1 record to Hospital B/,
      /decision 2 .* DENY for research/,
      /PERMIT_BTG for break-glass \(BTG\) \[unconscious\]/,
      /consent revoked/,
      /log read +[0-9a-f]{12} +own data, through Hospital B/,
    ]) {
      expect(text).toMatch(row)
    }
    const times = text.match(/^\d{4}-\S+Z/gm) ?? []
    expect(times).toEqual(times.toSorted())
    expect(times.length).toBeGreaterThan(8)
  })

  it('as FHIR it is a Bundle of AuditEvents', async () => {
    const bundle = JSON.parse(await done(...trail, '--fhir'))
    expect(bundle).toMatchObject({ resourceType: 'Bundle', type: 'collection' })
    expect(
      bundle.entry.every(
        (entry: { resource: { resourceType: string } }) => entry.resource.resourceType === 'AuditEvent',
      ),
    ).toBe(true)
  })

  it('who is not entitled reads nothing', async () => {
    await fails(
      1,
      /NOT_ENTITLED.*\n.*what to do: /,
      'audit',
      'trail',
      '--folder',
      'b',
      '--patient',
      '@patient.json',
      '--as',
      'dr-b.json',
    )
  })

  it('events are followed from any height; those about a patient by signed read only', async () => {
    const open = await json('audit', 'follow', '--folder', 'b', '--from', '0', '--count', '1')
    expect(open).toMatchObject({ contract: 'access', name: 'RecordsRegistered', fields: { count: 1 } })
    const about = ['--from', '0', '--patient', '@patient.json', '--as', 'patient.json', '--count', '3']
    const lines = (await done('audit', 'follow', '--folder', 'b', ...about)).trim().split('\n')
    expect(lines).toEqual([
      expect.stringMatching(/^\d+\.\d+ +\d{4}-\S+ {2}registry\.Enrolled .*institution Hospital A/),
      expect.stringMatching(/access\.RecordsRegistered/),
      expect.stringMatching(/consent\.Registered .*attested true/),
    ])
  })
})

describe('a record of substance use treatment', () => {
  it('comes with the redisclosure notice and a copy of the consent, byte for byte', async () => {
    const security = [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'SUD' }]
    write('sud.json', { resourceType: 'Observation', status: 'final', meta: { security } })
    await done('records', 'store', '--folder', 'a', '--patient', '@patient.json', '--file', 'sud.json')
    const { decision } = await json('access', 'request', ...wish('TREAT'))
    const fetch = ['access', 'fetch', '--folder', 'b', '--patient', '@patient.json', '--decision', String(decision)]
    expect(await done(...fetch, '--out', 'part2')).toMatch(
      /notice, consent-[0-9a-f]{12}[\s\S]*NOTICE for 1 record \(42 CFR 2\.32\): 42 CFR part 2 prohibits unauthorized use/,
    )
    const consents = readdirSync(path('part2')).filter((name) => name.startsWith('consent-'))
    expect(consents.map((name) => readFileSync(path('part2', name)))).toEqual([readFileSync(path('exported.json'))])
  })
})

describe('verify', () => {
  it('a receipt is checked offline; an altered one, or another genesis, is refused', async () => {
    expect(await done('verify', 'receipt', '--proof', 'access-receipt.json', '--genesis', 'genesis.json')).toMatch(
      /^The receipt holds/,
    )
    const { proof } = readJson('access-receipt.json')
    write('receipt.txt', Uint8Array.fromBase64(proof).toHex())
    expect((await json('verify', 'receipt', '--proof', 'receipt.txt', '--genesis', 'genesis.json')).ok).toBe(true)
    const altered = Uint8Array.fromBase64(proof)
    altered[200] = (altered[200] as number) ^ 1
    write('altered.txt', altered.toBase64())
    await fails(
      1,
      /altered\.txt proves nothing under this genesis/,
      'verify',
      'receipt',
      '--proof',
      'altered.txt',
      '--genesis',
      'genesis.json',
    )
    write('empty.txt', '')
    await fails(
      2,
      /--proof: empty\.txt holds no receipt proof; expected JSON/,
      'verify',
      'receipt',
      '--proof',
      'empty.txt',
      '--genesis',
      'genesis.json',
    )
  })
})

describe('input that a user can mend', () => {
  it.each<[what: string, message: RegExp, args: readonly string[]]>([
    [
      'an unknown custodian',
      /--custodian: expected "Hospital A", "Hospital B", or an id/,
      ['access', 'request', ...wish('TREAT').with(-3, 'Hospital Z')],
    ],
    [
      'an unknown purpose',
      /--purpose: not in the consortium's vocabulary; expected a purpose/,
      ['access', 'request', ...wish('CURIOSITY')],
    ],
    [
      'break-glass without a reason',
      /--break-glass-reason: needed with --purpose BTG/,
      ['access', 'request', ...wish('BTG')],
    ],
    [
      'a comment with another purpose',
      /--comment: goes with --purpose BTG only/,
      ['access', 'request', ...wish('TREAT', '--comment', 'x')],
    ],
    ['a missing option', /required option '--patient <id>' not specified/, ['consent', 'list', '--folder', 'a']],
    [
      'neither permit nor deny',
      /--permit or --deny: exactly one/,
      ['consent', 'sign', '--as', 'patient.json', '--custodian', 'Hospital A'],
    ],
    [
      'an existing output',
      /--out: a exists already/,
      ['access', 'fetch', '--folder', 'b', '--patient', '@patient.json', '--decision', '1', '--out', 'a'],
    ],
    [
      'an unknown recipient',
      /--recipient: the registry knows no/,
      [
        'consent',
        'sign',
        '--folder',
        'a',
        '--as',
        'patient.json',
        '--custodian',
        'Hospital A',
        '--permit',
        '--recipient',
        '0'.repeat(64),
      ],
    ],
    ['a folder that is none', /nowhere\/assent\.json:\n +cannot be read: ENOENT/, ['status', '--folder', 'nowhere']],
    ['an unknown command', /unknown command 'stat'/, ['stat']],
  ])('%s', async (_what, message, args) => {
    await fails(2, message, ...args)
  })

  it('a key file that others may read', async () => {
    cpSync(path('patient.json'), path('open.json'))
    chmodSync(path('open.json'), 0o644)
    await fails(
      2,
      /open\.json: readable by others; expected mode 0600/,
      'consent',
      'list',
      '--folder',
      'a',
      '--patient',
      '@patient.json',
      '--as',
      'open.json',
    )
  })

  it('a node that does not run', async () => {
    const [port] = await freePorts(1)
    await fails(
      1,
      /no answer to node\.status\n +is the node running\?/,
      'status',
      '--url',
      `http://127.0.0.1:${port}`,
      '--genesis',
      'genesis.json',
    )
  })
})

describe('a node that must not start', () => {
  /** A copy of hospital A's folder whose configuration is changed. */
  function copyOf(name: string, change: (config: { rpc: { port: number }; [field: string]: unknown }) => object): void {
    cpSync(path('a'), path(name), { recursive: true })
    write(`${name}/assent.json`, change(readJson(`${name}/assent.json`)))
  }
  const elsewhere = { p2p: { listen: '/ip4/127.0.0.1/tcp/0' }, log: { level: 'fatal' } }
  const fresh = { ...elsewhere, rpc: { port: 0 } }

  it('stops in order, with exit code 0', async () => {
    expect(await Promise.all([a.stop(), b.stop()])).toEqual([0, 0])
  })

  it('with a port that is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as { port: number }
    copyOf('busy', (config) => ({ ...config, ...elsewhere, rpc: { port } }))
    // A copied sign-state would be the first thing to be refused.
    rmSync(path('busy', 'data'), { recursive: true })
    await fails(
      2,
      new RegExp(`rpc\\.port: ${port} is in use on 127\\.0\\.0\\.1: free it, or choose another`),
      'start',
      '--folder',
      'busy',
    )
    server.close()
  })

  it('with a configuration that is wrong in several fields', async () => {
    copyOf('malformed', (config) => ({ ...config, role: 'king', rpc: { port: 70_000 }, colour: 'red' }))
    const { stderr } = await fails(2, /role: expected validator or observer/, 'start', '--folder', 'malformed')
    expect(stderr).toMatch(/rpc\.port: /)
    expect(stderr).toMatch(/colour: unknown field/)
    write('malformed/assent.json', '{ "role": ')
    await fails(2, /malformed\/assent\.json:\n +is not JSON/, 'start', '--folder', 'malformed')
  })

  it('with the genesis of a consortium that it is not part of, or with a data folder of another chain', async () => {
    await done('genesis', 'build', '--name', 'Other', '--card', 'a/join-card.json', '--out', 'other.json')
    await fails(
      2,
      /not signed by Hospital A; run 'assent genesis sign'/,
      'verify',
      'chain',
      '--data',
      'a/data',
      '--genesis',
      'other.json',
    )
    await done('genesis', 'sign', '--genesis', 'other.json', '--folder', 'a')
    copyOf('moved', (config) => ({ ...config, ...fresh }))
    cpSync(path('other.json'), path('moved', 'genesis.json'))
    await fails(2, /data folder.*: belongs to another chain/, 'start', '--folder', 'moved')
    rmSync(path('moved', 'data'), { recursive: true })
    cpSync(path('b', 'keys.json'), path('moved', 'keys.json'))
    await fails(
      2,
      /keys\.json: not registered for this institution at height 0: signing, encryption, transport; a node that joins/,
      'start',
      '--folder',
      'moved',
    )
    await fails(
      2,
      /--folder: the institution of b is not a founder/,
      'genesis',
      'sign',
      '--genesis',
      'other.json',
      '--folder',
      'b',
    )
  })

  it('with a data folder that cannot be written to', async () => {
    copyOf('sealed', (config) => ({ ...config, ...fresh }))
    const isRoot = process.getuid?.() === 0
    const everything = readdirSync(path('sealed'), { recursive: true, encoding: 'utf8' })
    if (isRoot) for (const name of ['.', ...everything]) chownSync(path('sealed', name), NOBODY, NOBODY)
    for (const name of ['data', 'data/ledger']) chmodSync(path('sealed', name), 0o555)
    const options = isRoot ? { cwd: home, uid: NOBODY } : { cwd: home }
    const { code, stderr } = await assent(['start', '--folder', 'sealed'], options)
    for (const name of ['data', 'data/ledger']) chmodSync(path('sealed', name), 0o755)
    expect(stderr).toMatch(/^assent: data folder .*cannot be written/)
    expect(code).toBe(2)
  })
})

describe('the chain on disk', () => {
  it('verifies against the genesis; one changed byte is found and its height named', async () => {
    expect(await done('verify', 'chain', '--folder', 'a')).toMatch(
      /holds the chain of this genesis, unaltered: height \d+/,
    )
    const report = await json('verify', 'chain', '--data', 'b/data', '--genesis', 'genesis.json')
    expect(report.ok).toBe(true)
    cpSync(path('a/data/ledger'), path('damaged'), { recursive: true })
    const [name] = readdirSync(path('damaged'))
      .filter((each) => /\.(ldb|log)$/.test(each))
      .toSorted((x, y) => statSync(path('damaged', y)).size - statSync(path('damaged', x)).size)
    const bytes = readFileSync(path('damaged', name as string))
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 0x40
    writeFileSync(path('damaged', name as string), bytes)
    await fails(
      1,
      /damaged is damaged or altered at height \d+: /,
      'verify',
      'chain',
      '--data',
      'damaged',
      '--genesis',
      'genesis.json',
    )
  })

  it('is not looked for where no chain is', async () => {
    await fails(2, /holds no chain database/, 'verify', 'chain', '--data', home, '--genesis', 'genesis.json')
    await fails(2, /--folder or --data: one of them is needed/, 'verify', 'chain')
  })
})
