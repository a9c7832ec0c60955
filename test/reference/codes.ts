// The tables of spec/consent.md, "Vocabulary", as they are printed there: what stands under what, who may claim what.

type Under = { readonly [code: string]: readonly string[] }

const PURPOSES_UNDER: Under = {
  TREAT: ['COC', 'ETREAT'],
  ETREAT: ['ERTREAT'],
  HPAYMT: ['CLMATTCH', 'COVAUTH', 'COVERAGE', 'REMITADV'],
  COVERAGE: ['ELIGDTRM', 'ELIGVER', 'ENROLLM', 'MILDCRG'],
  HOPERAT: [
    ...['CAREMGT', 'DONAT', 'FRAUD', 'GOV', 'HACCRED', 'HCOMPL', 'HDECD', 'HDIRECT', 'HDM', 'HLEGAL', 'HOUTCOMS'],
    ...['HPRGRP', 'HQUALIMP', 'HSYSADMIN', 'MEMADMIN', 'MILCDM', 'PATADMIN', 'PATSFTY', 'PERFMSR', 'RECORDMGT'],
    ...['SYSDEV', 'TRAIN'],
  ],
  HSYSADMIN: ['LABELING', 'METAMGT'],
  HRESCH: ['BIORCH', 'DSRCH', 'POARCH', 'TRANSRCH'],
  PUBHLTH: ['DISASTER', 'THREAT'],
  PATRQT: ['FAMRQT', 'PWATRNY', 'SUPNWK'],
}

const SENSITIVITIES_UNDER: Under = {
  SPI: ['PSY', 'SUD'],
  PSY: ['BH', 'MH', 'PSYTHPN'],
  BH: ['COGN', 'DVD', 'EMOTDIS'],
  ETH: ['SUD'],
  SUD: ['ETHUD', 'OPIOIDUD'],
}

const CLINICIANS = ['physician', 'nurse', 'paramedic', 'midwife', 'dentist', 'pharmacist', 'therapist', 'laboratorian']

const CLAIMS: Under = {
  physician: ['TREAT', 'CLINTRL', 'BTG'],
  nurse: ['TREAT', 'BTG'],
  paramedic: ['TREAT', 'BTG'],
  midwife: ['TREAT', 'BTG'],
  dentist: ['TREAT'],
  pharmacist: ['TREAT'],
  therapist: ['TREAT'],
  laboratorian: ['TREAT'],
  researcher: ['HRESCH', 'CLINTRCH', 'CLINTRL', 'POPHLTH'],
  billing: ['HPAYMT'],
  administrator: ['HOPERAT', 'HPAYMT', 'POPHLTH', 'HTEST'],
  publicHealthOfficer: ['PUBHLTH'],
  privacyOfficer: ['HCOMPL', 'HLEGAL', 'FRAUD'],
  institution: ['HPAYMT', 'HOPERAT', 'HRESCH', 'CLINTRCH', 'POPHLTH', 'PUBHLTH', 'PATRQT'],
}

const isUnder = (table: Under, above: string, code: string): boolean =>
  above === code || (table[above] ?? []).some((next) => isUnder(table, next, code))

/** Exact-only purposes stand under nothing, so that only their own name covers them. */
export const purposeCovers = (granted: string, asked: string): boolean => isUnder(PURPOSES_UNDER, granted, asked)

export const sensitivityMeans = (named: string, label: string): boolean => isUnder(SENSITIVITIES_UNDER, named, label)

export const isClinician = (role: string): boolean => CLINICIANS.includes(role)

export const mayClaim = (role: string, purpose: string): boolean =>
  (CLAIMS[role] ?? []).some((claimed) => purposeCovers(claimed, purpose))
