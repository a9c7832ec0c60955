// Codes at the border: system|code of FHIR, compared exactly, and what they are on the chain. Anything else is refused.

import { CONFIDENTIALITIES, type Confidentiality } from './data-limits.ts'
import { RESOURCE_ELEMENTS } from './resource-elements.ts'

export const SYSTEM = {
  actReason: 'http://terminology.hl7.org/CodeSystem/v3-ActReason',
  actCode: 'http://terminology.hl7.org/CodeSystem/v3-ActCode',
  participationType: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType',
  roleClass: 'http://terminology.hl7.org/CodeSystem/v3-RoleClass',
  consentScope: 'http://terminology.hl7.org/CodeSystem/consentscope',
  consentAction: 'http://terminology.hl7.org/CodeSystem/consentaction',
  confidentiality: 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality',
  resourceTypes: 'http://hl7.org/fhir/resource-types',
  practitionerRole: 'http://terminology.hl7.org/CodeSystem/practitioner-role',
  nucc: 'http://nucc.org/provider-taxonomy',
} as const

/** system|code -> what it means here. */
export type CodeTable<T> = ReadonlyMap<string, T>

function table<T>(system: string, meanings: { readonly [code: string]: T }): CodeTable<T> {
  return new Map(Object.entries(meanings).map(([code, meaning]) => [`${system}|${code}`, meaning]))
}

const same = <const T extends string>(...codes: readonly T[]): { readonly [code: string]: T } =>
  Object.fromEntries(codes.map((code) => [code, code]))

export const SCOPES = table(SYSTEM.consentScope, same('patient-privacy', 'research'))
export const ACTIONS = table(SYSTEM.consentAction, same('access', 'disclose'))
/** Information recipient. */
export const ACTOR_ROLES = table(SYSTEM.participationType, same('IRCP'))
/** Privacy directives that give the root its type (spec/fhir.md, "Root type"). */
export const POLICY_RULES = table(SYSTEM.actCode, same('OPTIN', 'OPTINR', 'OPTOUT', 'OPTOUTE', 'EMRGONLY'))
export type PolicyRule = typeof POLICY_RULES extends CodeTable<infer Rule> ? Rule : never

/** Purposes of use that the policy contract knows (spec/consent.md, "Vocabulary"); on the chain stands the code alone. */
export const PURPOSES = table(
  SYSTEM.actReason,
  same(
    ...['TREAT', 'COC', 'ETREAT', 'ERTREAT', 'BTG'],
    ...['HPAYMT', 'CLMATTCH', 'COVAUTH', 'COVERAGE', 'ELIGDTRM', 'ELIGVER', 'ENROLLM', 'MILDCRG', 'REMITADV'],
    ...['HOPERAT', 'CAREMGT', 'DONAT', 'FRAUD', 'GOV', 'HACCRED', 'HCOMPL', 'HDECD', 'HDIRECT', 'HDM', 'HLEGAL'],
    ...['HOUTCOMS', 'HPRGRP', 'HQUALIMP', 'HSYSADMIN', 'LABELING', 'METAMGT', 'MEMADMIN', 'MILCDM', 'PATADMIN'],
    ...['PATSFTY', 'PERFMSR', 'RECORDMGT', 'SYSDEV', 'TRAIN'],
    ...['HRESCH', 'BIORCH', 'DSRCH', 'POARCH', 'TRANSRCH'],
    ...['PUBHLTH', 'DISASTER', 'THREAT', 'PATRQT', 'FAMRQT', 'PWATRNY', 'SUPNWK', 'HMARKT'],
    ...['CLINTRCH', 'CLINTRL', 'POPHLTH', 'HTEST'],
  ),
)

export type SecurityLabel =
  | { readonly kind: 'confidentiality'; readonly code: Confidentiality }
  | { readonly kind: 'sensitivity'; readonly code: string }

/** Sensitivity labels that the policy contract knows. */
export const SENSITIVITIES = [
  ...['ETH', 'GDIS', 'HIV', 'MST', 'SCA', 'SICKLE', 'SDV', 'SEX', 'SPI', 'STD', 'TBOO', 'VIO', 'DEMO', 'DOB', 'GENDER'],
  ...[
    'LIVARG',
    'MARST',
    'RACE',
    'REL',
    'B',
    'EMPL',
    'LOCIS',
    'SSP',
    'ADOL',
    'CEL',
    'DIA',
    'DRGIS',
    'EMP',
    'PDS',
    'PHY',
  ],
  ...['PRS', 'PSY', 'BH', 'MH', 'PSYTHPN', 'COGN', 'DVD', 'EMOTDIS', 'SUD', 'ETHUD', 'OPIOIDUD'],
]

export const SECURITY_LABELS: CodeTable<SecurityLabel> = new Map<string, SecurityLabel>([
  ...CONFIDENTIALITIES.map((code) => [`${SYSTEM.confidentiality}|${code}`, { kind: 'confidentiality', code }] as const),
  ...SENSITIVITIES.map((code) => [`${SYSTEM.actCode}|${code}`, { kind: 'sensitivity', code }] as const),
])

/** Labels of ActCode that say how to handle a resource, or under which law, and nothing of what it is about. */
export const HANDLING_LABELS: ReadonlySet<string> = new Set([
  ...['42CFRPart2', 'CommonRule', 'HIPAANOPP', 'HIPAAPsyNotes', 'HIPAASelfPay', 'Title38Section7332', 'ANONY', 'AOD'],
  ...['AUDIT', 'AUDTR', 'CPLYCC', 'CPLYCD', 'CPLYJPP', 'CPLYOPP', 'CPLYOSP', 'CPLYPOL', 'DECLASSIFYLABEL', 'DEID'],
  ...['DELAU', 'DOWNGRDLABEL', 'DRIVLABEL', 'ENCRYPT', 'ENCRYPTR', 'ENCRYPTT', 'ENCRYPTU', 'HUAPRV', 'LABEL', 'MASK'],
  ...['MINEC', 'PERSISTLABEL', 'PRIVMARK', 'PSEUD', 'REDACT', 'UPGRDLABEL', 'NOAUTH', 'NOCOLLECT', 'NODSCLCD'],
  ...['NODSCLCDS', 'NOINTEGRATE', 'NOLIST', 'NOMOU', 'NOORGPOL', 'NOPAT', 'NOPERSISTP', 'NORDSCLCD', 'NORDSCLCDS'],
  ...['NORDSCLW', 'NORELINK', 'NOREUSE', 'NOVIP', 'ORCON'],
])

/** Classes of data: the types of resource that may belong to a patient's record. */
export const CLASSES = table(SYSTEM.resourceTypes, same(...Object.keys(RESOURCE_ELEMENTS)))

/** Roles that the policy contract knows, by the codes that they come from. */
export const ROLES: CodeTable<string> = new Map([
  ...table(SYSTEM.practitionerRole, {
    ...same('nurse', 'dentist', 'pharmacist', 'researcher'),
    doctor: 'physician',
    physio: 'therapist',
    speech: 'therapist',
    ict: 'administrator',
  }),
  ...table(SYSTEM.nucc, { '208D00000X': 'physician' }),
])
