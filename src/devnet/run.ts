// The whole demo: builds a consortium, starts its five processes, imports people and consents, plays the eight scenes,
// measures, and reports.

import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Binding, readBinding } from '../fhir/binding.ts'
import { generateFolder } from '../fhir/generate.ts'
import { chooseCast, clausesFor, registerConsent } from './cast.ts'
import { Checks } from './checks.ts'
import { ClosedLoad } from './closed-load.ts'
import { Consortium, personSigner } from './consortium.ts'
import { generatedFolder, importFolder, importSpare } from './import-folder.ts'
import { createDevnet, MEMBERS } from './layout.ts'
import { enrollPeople } from './people.ts'
import { createReport, type Report } from './report.ts'
import { type Measurements, requestAccess, type Scenario } from './scenario.ts'
import { sleep } from './sleep.ts'
import { audit } from './steps/audit.ts'
import { breakGlass } from './steps/break-glass.ts'
import { failover } from './steps/failover.ts'
import { intruders } from './steps/intruders.ts'
import { permittedAccess } from './steps/permitted-access.ts'
import { refusedAccess } from './steps/refused-access.ts'
import { revocation } from './steps/revocation.ts'
import { tampering } from './steps/tampering.ts'

export interface DemoOptions {
  /** Where the consortium is built. */
  readonly folder: string
  /** FHIR R4 JSON to import; without it data is generated from `seed`. */
  readonly fhir?: { readonly folder: string; readonly bindingFile: string }
  readonly seed: number
  /** Its processes are about to start: whoever gives up has to stop them. */
  readonly onConsortium: (consortium: Consortium) => void
  readonly onProgress: (text: string) => void
  readonly onCheck: (name: string, ok: boolean, detail: string) => void
}

/** One of every consent form that is translated. */
const GENERATED_CONSENTS = 16
/** One more person, without a consent. */
const GENERATED_PATIENTS = GENERATED_CONSENTS + 1
const SAMPLES = 12
const LOAD_MS = 4_000
const LOAD_WORKERS = 64

const STEPS: readonly { title: string; run: (scenario: Scenario) => Promise<void> }[] = [
  { title: '1 access under a consent', run: permittedAccess },
  { title: '2 access that no consent covers', run: refusedAccess },
  { title: '3 revocation', run: revocation },
  { title: '4 break-glass', run: breakGlass },
  { title: '5 intruders', run: intruders },
  { title: '6 the leader dies', run: failover },
  { title: '7 the audit trail', run: audit },
  { title: '8 a changed byte', run: tampering },
]

/** Answers the report with the consortium still running; stopping it is the caller's. */
export async function runDemo(options: DemoOptions): Promise<{ report: Report; consortium: Consortium }> {
  const { onProgress } = options
  const { folder, binding } = await prepareSource(options)
  const { masterIdentifierSystem, timeZone } = binding
  const devnet = await createDevnet(options.folder, { fhir: { masterIdentifierSystem, timeZone } })
  const sourceFolder = folder ?? writeGenerated(options)
  const consortium = new Consortium(devnet)
  options.onConsortium(consortium)
  try {
    onProgress(`starting ${MEMBERS.length} processes`)
    await consortium.start(({ title, role, rpcUrl }) => onProgress(`${title} (${role}) is ready at ${rpcUrl}`))
    const people = await enrollPeople(consortium)
    onProgress(`${people.practitioners.length} practitioners enrolled at their institutions`)
    const imported = await importFolder(consortium, { people, folder: sourceFolder, binding, onProgress })
    let position = Math.max(0, ...imported.patients.map((patient) => patient.position))
    const spare = (records?: readonly Uint8Array[]) =>
      importSpare(consortium, { position: ++position, binding, records })
    const cast = await chooseCast(consortium, { patients: imported.patients, spare })

    const checks = new Checks(({ name, ok, detail }) => options.onCheck(name, ok, detail))
    const measured: Measurements = {
      latencyMs: { consent: imported.consents.map(({ latencyMs }) => latencyMs), access: [], revoke: [] },
      revokeToEnforcedMs: 0,
      submitToEnforcedMs: 0,
      failoverMs: 0,
      transactionsPerSecond: 0,
    }
    const scenario: Scenario = { consortium, people, imported, cast, spare, checks, measured, onProgress }
    for (const { title, run } of STEPS) {
      onProgress(title)
      await checks.attempt(title, () => run(scenario))
    }
    onProgress('measuring')
    await checks.attempt('the measurements are taken', () => measure(scenario))
    return { report: await createReport(scenario), consortium }
  } catch (error) {
    await consortium.stop()
    throw error
  }
}

async function prepareSource({ fhir, seed }: DemoOptions): Promise<{ folder: string | null; binding: Binding }> {
  if (fhir !== undefined) return { folder: fhir.folder, binding: await readBinding(fhir.bindingFile) }
  return { folder: null, binding: generateFolder({ seed, patients: GENERATED_PATIENTS }).binding }
}

function writeGenerated({ folder, seed }: DemoOptions): string {
  const target = generatedFolder(folder)
  const { files } = generateFolder({ seed, patients: GENERATED_PATIENTS })
  const last = files.filter(({ name }) => name.startsWith('consents/')).at(-1)
  for (const file of files) {
    if (file === last) continue
    const path = join(target, file.name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, file.bytes)
  }
  return target
}

/** Consents, accesses and revocations one after the other; then a closed load, as fast as it goes. */
async function measure(scenario: Scenario): Promise<void> {
  const { consortium, cast, measured } = scenario
  const patient = cast.withoutConsent
  const signer = personSigner(patient.keys)
  for (let i = 0; i < SAMPLES; i++) {
    const startMs = performance.now()
    const consent = await registerConsent(consortium, { patient, clauses: clausesFor('permitted', Date.now()) })
    measured.latencyMs.consent.push(performance.now() - startMs)
    await requestAccess(scenario, { by: 'dr-b1', patient, purpose: 'TREAT' })
    const revokeMs = performance.now()
    await consortium.call('hospital-a', signer, { contract: 'consent', method: 'revoke', args: { consent } })
    measured.latencyMs.revoke.push(performance.now() - revokeMs)
  }
  const names = MEMBERS.filter(({ role }) => role === 'validator').map(({ name }) => name)
  const load = new ClosedLoad(scenario, {
    clients: names.map((name) => consortium.client(name)),
    workers: LOAD_WORKERS,
  })
  const startMs = performance.now()
  load.start()
  await sleep(LOAD_MS)
  const acknowledged = await load.stop()
  measured.transactionsPerSecond = Math.round((acknowledged.length / (performance.now() - startMs)) * 1_000)
}
