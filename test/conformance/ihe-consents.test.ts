// Consents of the profile against a grid of requests: purposes, people, dates, settings and resources. What is expected was written by
// hand from what the profile says that each consent means, not from what this program answers.

import { describe, expect, test } from 'vitest'
import { type Simulation, simulate } from '../../src/cli/simulate/simulate.ts'
import { type ConsentName, SOURCES } from './ihe-consents.ts'

// ---- who asks ----

const AT_HOME = 'Organization/ex-organization'
const PEOPLE = {
  /** Whom two of the consents name, and whose group may break the glass. */
  named: { practitioner: 'Practitioner/ex-practitioner', organization: AT_HOME },
  /** The same person, for another institution. */
  namedElsewhere: { practitioner: 'Practitioner/ex-practitioner', organization: 'Organization/other' },
  other: { practitioner: 'Practitioner/other', organization: 'Organization/other' },
  /** An institution that asks for itself. */
  institution: { organization: 'Organization/other' },
} as const
type Person = keyof typeof PEOPLE

// ---- for what ----

const CONFIDENTIALITY = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality'
const ACT_CODE = 'http://terminology.hl7.org/CodeSystem/v3-ActCode'
const by = (...ids: readonly string[]) => ({ performer: ids.map((id) => ({ reference: `Practitioner/${id}` })) })
const on = (effectiveDateTime: string) => ({ effectiveDateTime })

/** An observation of March 2022 by the practitioner whom the consents name, unless it says otherwise. */
const observation = (more: object = {}, ...labels: readonly string[]): object => ({
  resourceType: 'Observation',
  id: '1',
  subject: { reference: 'Patient/ex-patient' },
  ...on('2022-03-01'),
  ...by('ex-practitioner'),
  ...(labels.length > 0 && {
    meta: {
      security: labels.map((code) => ({ system: /^[ULMNRV]$/.test(code) ? CONFIDENTIALITY : ACT_CODE, code })),
    },
  }),
  ...more,
})

const RESOURCES = {
  unlabelled: observation(),
  low: observation({}, 'L'),
  normal: observation({}, 'N'),
  restricted: observation({}, 'R'),
  normalPsy: observation({}, 'N', 'PSY'),
  restrictedPsy: observation({}, 'R', 'PSY'),
  // What is under PSY: by the overlay, HL7's own hierarchy does not say so.
  psychotherapy: observation({}, 'V', 'PSYTHPN'),
  restrictedHiv: observation({}, 'R', 'HIV'),
  misspeltPsy: observation({}, 'R', 'psy'),
  before: observation(on('2021-12-31')),
  lastDay: observation(on('2022-12-31')),
  after: observation(on('2023-01-01')),
  wholeYear: observation(on('2022')),
  overTheStart: observation({
    effectiveDateTime: undefined,
    effectivePeriod: { start: '2021-12-31', end: '2022-01-02' },
  }),
  openEnd: observation({ effectiveDateTime: undefined, effectivePeriod: { start: '2022-06-01' } }),
  undated: observation({ effectiveDateTime: undefined }),
  byOther: observation(by('other')),
  byBoth: observation(by('other', 'ex-practitioner')),
  byNobody: observation({ performer: undefined }),
  byName: observation({ performer: [{ display: 'ex-practitioner' }] }),
  weight: observation({ id: 'ex-weight' }),
  withoutId: observation({ id: undefined }),
  atEncounter: observation({ encounter: { reference: 'Encounter/ex-encounter' } }),
  atOtherEncounter: observation({ encounter: { reference: 'Encounter/other' } }),
  // It may be that encounter.
  atEncounterByUrl: observation({ encounter: { reference: 'http://ehr.example/fhir/Encounter/ex-encounter' } }),
  theEncounter: {
    resourceType: 'Encounter',
    id: 'ex-encounter',
    subject: { reference: 'Patient/ex-patient' },
    period: { start: '2022-03-01T10:00:00Z', end: '2022-03-01T11:00:00Z' },
    participant: [{ individual: { reference: 'Practitioner/ex-practitioner' } }],
  },
  ofAnotherPatient: observation({ subject: { reference: 'Patient/other' } }),
} as const
type ResourceName = keyof typeof RESOURCES

// ---- what is expected ----

interface Asked {
  readonly who?: Person
  readonly purpose?: string
  readonly at?: string
  readonly implicitPolicy?: string
  readonly breakGlass?: string
  readonly labelling?: boolean
}
type Expected = readonly [asked: Asked, outcome: string]

interface Row {
  readonly decisions: readonly Expected[]
  /** For treatment: what is withheld from whom; everything else is released. `all`: nothing is. */
  readonly withheld: readonly (readonly [who: Person, from: readonly ResourceName[] | 'all'])[]
}

const PERMIT = 'PERMIT consent PERMITTED'
const FILTERED = 'PERMIT_FILTERED consent PERMITTED LIMITED'
const DENIED = 'DENY consent DENIED'
const EXPIRED = 'DENY consent EXPIRED'
const DEFAULT_DENY = 'DENY implicit NO_CONSENT'
const DEFAULT_PERMIT = 'PERMIT implicit NO_CONSENT'
const OVERRIDE = 'PERMIT_BTG breakGlass BREAK_GLASS'
const NO_OVERRIDE = 'DENY breakGlass BREAK_GLASS_REFUSED'
const NOT_FOR_YOU = 'DENY consent NOT_COVERED'
const NOT_YOUR_ROLE = 'DENY null ROLE_PURPOSE'

/** What a consent about treatment, payment and operations leaves open. */
const ELSEWHERE: readonly Expected[] = [
  [{ purpose: 'HRESCH' }, DEFAULT_DENY],
  [{ purpose: 'PUBHLTH' }, DEFAULT_DENY],
  [{ purpose: 'CLINTRCH' }, DEFAULT_DENY],
  [{ purpose: 'HRESCH', implicitPolicy: 'allNormal' }, DEFAULT_PERMIT],
  [{ purpose: 'HRESCH', implicitPolicy: 'basicNormal' }, DEFAULT_DENY],
  // Break-glass is no kind of treatment: a consent about treatment does not speak of it.
  [{ purpose: 'BTG' }, OVERRIDE],
  [{ purpose: 'BTG', who: 'other' }, OVERRIDE],
  [{ purpose: 'BTG', breakGlass: 'consentOnly' }, NO_OVERRIDE],
  [{ purpose: 'BTG', breakGlass: 'never' }, NO_OVERRIDE],
  [{ purpose: 'BTG', breakGlass: 'never', implicitPolicy: 'breakGlassOnly' }, OVERRIDE],
]

/** The three purposes and what stands under them, whoever asks. */
const usual = (outcome: string): readonly Expected[] => [
  [{}, outcome],
  [{ who: 'other' }, outcome],
  [{ who: 'namedElsewhere' }, outcome],
  [{ purpose: 'ETREAT' }, outcome],
  [{ purpose: 'COC', who: 'other' }, outcome],
  [{ purpose: 'HPAYMT' }, outcome],
  [{ purpose: 'HPAYMT', who: 'institution' }, outcome],
  [{ purpose: 'HOPERAT', who: 'institution' }, outcome],
  [{ purpose: 'HQUALIMP' }, outcome],
  [{ who: 'institution' }, NOT_YOUR_ROLE],
  [{ implicitPolicy: 'allNormal' }, outcome],
  [{ at: '2030-01-01T00:00:00Z' }, outcome],
]

const everythingBut = (...released: readonly ResourceName[]): readonly ResourceName[] =>
  (Object.keys(RESOURCES) as ResourceName[]).filter((name) => !released.includes(name))
const ANOTHER_PATIENTS = ['ofAnotherPatient'] as const
/** Above normal, or not determined. */
const ABOVE_NORMAL = ['restricted', 'restrictedPsy', 'psychotherapy', 'restrictedHiv', 'misspeltPsy'] as const

const permitsTheUsual: Row = {
  decisions: [...usual(PERMIT), ...ELSEWHERE],
  withheld: [
    ['named', ANOTHER_PATIENTS],
    ['other', ANOTHER_PATIENTS],
  ],
}

const TABLE: Readonly<Record<ConsentName, Row>> = {
  'ex-consent-basic-treat': permitsTheUsual,
  // Given by the mother: it means the same.
  'ex-consent-basic-treat-infant': permitsTheUsual,
  'ex-consent-basic-reject': {
    decisions: [...usual(DENIED), ...ELSEWHERE],
    withheld: [['named', 'all']],
  },
  // A consent to research neither permits nor blocks treatment.
  'ex-consent-basic-research': {
    decisions: [
      [{ purpose: 'HRESCH' }, PERMIT],
      [{ purpose: 'HRESCH', who: 'institution' }, PERMIT],
      [{ purpose: 'BIORCH' }, PERMIT],
      [{ purpose: 'CLINTRCH' }, DEFAULT_DENY],
      [{}, DEFAULT_DENY],
      [{ implicitPolicy: 'basicNormal' }, DEFAULT_PERMIT],
      [{ implicitPolicy: 'basicNormal', purpose: 'HPAYMT' }, DEFAULT_DENY],
      [{ implicitPolicy: 'allNormal', purpose: 'HPAYMT' }, DEFAULT_PERMIT],
      [{ purpose: 'BTG' }, OVERRIDE],
    ],
    withheld: [['named', 'all']],
  },
  'ex-consent-expired-treat': {
    decisions: [
      [{ at: '2022-07-01T00:00:00Z' }, PERMIT],
      [{ at: '2022-12-31T23:59:59.999Z' }, PERMIT],
      [{ at: '2023-01-01T00:00:00Z' }, EXPIRED],
      [{ at: '2023-01-01T00:30:00+01:00' }, PERMIT],
      [{ at: '2026-01-01T00:00:00Z', purpose: 'HPAYMT' }, EXPIRED],
      // What has ended does not turn into the custodian's default.
      [{ at: '2026-01-01T00:00:00Z', implicitPolicy: 'allNormal' }, EXPIRED],
      [{ at: '2026-01-01T00:00:00Z', implicitPolicy: 'allNormal', purpose: 'HRESCH' }, DEFAULT_PERMIT],
      [{ at: '2026-01-01T00:00:00Z', purpose: 'BTG' }, OVERRIDE],
      ...ELSEWHERE,
    ],
    withheld: [['named', ANOTHER_PATIENTS]],
  },
  'ex-consent-intermediate-authoredby': {
    decisions: [...usual(FILTERED), [{ labelling: false }, FILTERED], ...ELSEWHERE],
    withheld: [
      ['named', ['byOther', 'byNobody', 'byName', ...ANOTHER_PATIENTS]],
      // It is about who wrote, not about who reads.
      ['other', ['byOther', 'byNobody', 'byName', ...ANOTHER_PATIENTS]],
    ],
  },
  'ex-consent-intermediate-timeframe': {
    decisions: [...usual(FILTERED), [{ labelling: false }, FILTERED], ...ELSEWHERE],
    withheld: [['named', ['before', 'after', 'overTheStart', 'openEnd', 'undated', ...ANOTHER_PATIENTS]]],
  },
  'ex-consent-intermediate-data': {
    decisions: [...usual(FILTERED), ...ELSEWHERE],
    withheld: [['named', everythingBut('weight')]],
  },
  'ex-consent-intermediate-encounter': {
    decisions: [...usual(FILTERED), ...ELSEWHERE],
    withheld: [['other', everythingBut('atEncounter', 'theEncounter')]],
  },
  'ex-consent-intermediate-not-authoredby': {
    decisions: [...usual(FILTERED), ...ELSEWHERE],
    withheld: [['other', everythingBut('byOther')]],
  },
  'ex-consent-intermediate-not-data': {
    decisions: [...usual(FILTERED), ...ELSEWHERE],
    withheld: [['named', ['weight', 'withoutId', ...ANOTHER_PATIENTS]]],
  },
  'ex-consent-intermediate-not-encounter': {
    decisions: [...usual(FILTERED), ...ELSEWHERE],
    withheld: [['named', ['atEncounter', 'theEncounter', 'atEncounterByUrl', ...ANOTHER_PATIENTS]]],
  },
  'ex-consent-intermediate-not-timeframe': {
    decisions: [...usual(FILTERED), ...ELSEWHERE],
    withheld: [['named', everythingBut('before', 'after')]],
  },
  // Nothing, except break-glass by those in the group.
  'ex-dissent-intermediate-break-glass': {
    decisions: [
      ...usual(DENIED),
      [{ purpose: 'HRESCH' }, DENIED],
      [{ purpose: 'HRESCH', implicitPolicy: 'allNormal' }, DENIED],
      [{ purpose: 'CLINTRCH' }, DENIED],
      [{ purpose: 'BTG' }, 'PERMIT_BTG consent PERMITTED'],
      [{ purpose: 'BTG', who: 'namedElsewhere' }, 'PERMIT_BTG consent PERMITTED'],
      [{ purpose: 'BTG', breakGlass: 'consentOnly' }, 'PERMIT_BTG consent PERMITTED'],
      [{ purpose: 'BTG', breakGlass: 'never' }, NO_OVERRIDE],
      // The consent speaks of break-glass: the custodian's override is out.
      [{ purpose: 'BTG', who: 'other' }, NOT_FOR_YOU],
      [{ purpose: 'BTG', who: 'institution' }, NOT_YOUR_ROLE],
    ],
    withheld: [['named', 'all']],
  },
  'ex-consent-advanced-normal': {
    decisions: [...usual(FILTERED), ...ELSEWHERE],
    withheld: [
      ['named', [...ABOVE_NORMAL, ...ANOTHER_PATIENTS]],
      ['other', [...ABOVE_NORMAL, ...ANOTHER_PATIENTS]],
    ],
  },
  // Normal to everybody; to one practitioner what is about psychiatry, too, at whatever level.
  'ex-consent-advanced-normal-focused-psy': {
    decisions: [...usual(FILTERED), ...ELSEWHERE],
    withheld: [
      ['named', ['restricted', 'restrictedHiv', 'misspeltPsy', ...ANOTHER_PATIENTS]],
      ['namedElsewhere', ['restricted', 'restrictedHiv', 'misspeltPsy', ...ANOTHER_PATIENTS]],
      ['other', [...ABOVE_NORMAL, ...ANOTHER_PATIENTS]],
    ],
  },
}

const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

async function decide(consents: readonly Uint8Array[], asked: Asked, resource?: object): Promise<Simulation> {
  const { who = 'named', ...rest } = asked
  const request = bytes({
    patient: 'Patient/ex-patient',
    custodian: AT_HOME,
    requester: PEOPLE[who],
    purpose: 'TREAT',
    at: '2022-07-01T00:00:00Z',
    groups: { 'Group/ex-privilegedUsers': ['Practitioner/ex-practitioner'] },
    labelling: true,
    ...rest,
  })
  const result = await simulate({ consents, request, resource: resource && bytes(resource) })
  if (result.kind === 'refused') throw new Error(JSON.stringify(result.problems))
  return result.simulation
}

const inShort = ({ outcome, basis, reasons }: Simulation): string => [outcome, basis ?? 'null', ...reasons].join(' ')

describe.each(SOURCES)('a consent of the profile, $source:', ({ names: all, consentOf }) => {
  describe.each(all)('%s', (name) => {
    const { decisions, withheld } = TABLE[name]
    const consents = [consentOf(name)]

    test.each(decisions)('asked %j: %s', async (asked, outcome) => {
      expect(inShort(await decide(consents, asked))).toBe(outcome)
    })

    test.each(withheld)('from %s withholds %j', async (who, names) => {
      const kept: string[] = []
      for (const [resource, content] of Object.entries(RESOURCES)) {
        if ((await decide(consents, { who }, content)).released === false) kept.push(resource)
      }
      const expected: readonly string[] = names === 'all' ? Object.keys(RESOURCES) : names
      expect(kept.sort()).toEqual([...expected].sort())
    })
  })

  const TOGETHER: readonly (readonly [
    what: string,
    names: readonly ConsentName[],
    asked: Asked,
    outcome: string,
    withheld: readonly ResourceName[] | 'all',
  ])[] = [
    [
      'a rejection outweighs a permit, also of later data',
      ['ex-consent-basic-treat', 'ex-consent-basic-reject'],
      {},
      DENIED,
      'all',
    ],
    ['whichever comes first', ['ex-consent-basic-reject', 'ex-consent-basic-treat'], {}, DENIED, 'all'],
    [
      'a limited permit takes nothing from an unlimited one',
      ['ex-consent-intermediate-timeframe', 'ex-consent-basic-treat'],
      {},
      PERMIT,
      ANOTHER_PATIENTS,
    ],
    [
      'two limited permits release what either does',
      ['ex-consent-intermediate-timeframe', 'ex-consent-intermediate-authoredby'],
      { who: 'other' },
      FILTERED,
      ANOTHER_PATIENTS,
    ],
    [
      'an ended permit takes nothing from one in force',
      ['ex-consent-expired-treat', 'ex-consent-basic-treat'],
      { at: '2024-01-01T00:00:00Z' },
      PERMIT,
      ANOTHER_PATIENTS,
    ],
    [
      'a consent to research beside a dissent: any deny withholds',
      ['ex-consent-basic-research', 'ex-dissent-intermediate-break-glass'],
      { purpose: 'HRESCH' },
      DENIED,
      'all',
    ],
  ]

  test.each(TOGETHER)('together: %s', async (_what, names, asked, outcome, kept) => {
    const consents = names.map(consentOf)
    expect(inShort(await decide(consents, asked))).toBe(outcome)
    const found: string[] = []
    for (const [resource, content] of Object.entries(RESOURCES)) {
      if ((await decide(consents, asked, content)).released === false) found.push(resource)
    }
    const expected: readonly string[] = kept === 'all' ? Object.keys(RESOURCES) : kept
    expect(found.sort()).toEqual([...expected].sort())
  })

  test.each([
    ['ex-consent-advanced-normal', ['Consent.provision.securityLabel']],
    [
      'ex-consent-advanced-normal-focused-psy',
      ['Consent.provision.securityLabel', 'Consent.provision.provision[0].securityLabel'],
    ],
  ] as const)('where the custodian does not label, %s is refused by its elements', async (name, paths) => {
    const request = bytes({
      patient: 'Patient/ex-patient',
      custodian: AT_HOME,
      requester: PEOPLE.named,
      purpose: 'TREAT',
      at: '2022-07-01T00:00:00Z',
    })
    const result = await simulate({ consents: [consentOf(name)], request })
    expect(result.kind === 'refused' && result.problems.map(({ path }) => path)).toEqual(paths)
  })
})
