// The data limits of a provision: security labels, classes, codes, period and selected data. spec/fhir.md, "Data limits".

import { readCoding } from './coding.ts'
import { CODEABLE_CONCEPT, CODING, PROVISION_DATA } from './consent-elements.ts'
import type { DataLimits } from './data-limits.ts'
import type { Element } from './element.ts'
import { LABELS_MAX, SELECTED_MAX } from './limits.ts'
import { readPeriod } from './period.ts'
import { referenceText } from './reference.ts'
import { CLASSES, SECURITY_LABELS, type SecurityLabel } from './vocabulary.ts'

export interface LimitsContext {
  readonly timeZone: string
  /** Whether the custodian declares a labelling service: without one, nobody can say what a label means. */
  readonly labelling: boolean
}

/** Null where the provision limits no data; undefined after a problem was noted. */
export function readDataLimits(provision: Element, context: LimitsContext): DataLimits | null | undefined {
  const before = provision.problems.list.length
  const labels = readLabels(provision, context)
  const classes = provision.children('class').map((each) => readCoding(each, CLASSES))
  const codes = provision.children('code').flatMap(readCodes)
  const dataPeriod = provision.child('dataPeriod')
  const period = dataPeriod && readPeriod(dataPeriod, context.timeZone)
  const selected = readSelected(provision)
  checkCount(provision, 'class', classes, SELECTED_MAX)
  checkCount(provision, 'code', codes, SELECTED_MAX)
  if (provision.problems.list.length > before) return undefined

  const limits: DataLimits = {
    confidentiality: distinct(labels.flatMap((each) => (each.kind === 'confidentiality' ? [each.code] : []))),
    sensitivity: distinct(labels.flatMap((each) => (each.kind === 'sensitivity' ? [each.code] : []))),
    classes: distinct(classes as string[]),
    codes: distinct(codes),
    period: period ?? null,
    ...selected,
  }
  const isLimited = ['securityLabel', 'class', 'code', 'dataPeriod', 'data'].some((name) => provision.has(name))
  return isLimited ? limits : null
}

function readLabels(provision: Element, { labelling }: LimitsContext): readonly SecurityLabel[] {
  if (!provision.has('securityLabel')) return []
  if (!labelling) {
    const reason = 'this custodian declares no labelling service, so that nobody could say what the label means'
    provision.problem('unsupported', 'securityLabel', { reason, accepted: 'a provision without security labels' })
    return []
  }
  const labels = provision.children('securityLabel').map((each) => readCoding(each, SECURITY_LABELS))
  checkCount(provision, 'securityLabel', labels, LABELS_MAX)
  return labels.filter((label) => label !== undefined)
}

/** system|code of each coding: any of them means the resource, unlike in a concept that is read for its one meaning. */
function readCodes(concept: Element): string[] {
  concept.check(CODEABLE_CONCEPT)
  const accepted = 'codings with system and code'
  if (!concept.has('coding'))
    concept.problem('required', 'coding', { reason: 'a text alone decides nothing', accepted })
  return concept.children('coding').flatMap((coding) => {
    coding.check(CODING)
    for (const name of ['system', 'code']) {
      if (!coding.has(name)) coding.problem('required', name, { reason: 'missing', accepted })
    }
    const system = coding.text('system')
    const code = coding.text('code')
    return system === undefined || code === undefined ? [] : [`${system}|${code}`]
  })
}

const MEANINGS = { instance: 'instances', related: 'related', authoredby: 'authors' } as const
type Meaning = keyof typeof MEANINGS
type Selected = Pick<DataLimits, (typeof MEANINGS)[Meaning]>

/** IHE PCF: what may be related to what. */
const RELATED = ['Encounter', 'CarePlan', 'EpisodeOfCare']
const RELATIVE = /^([A-Z][A-Za-z]+)\/[A-Za-z0-9.-]{1,64}$/

function readSelected(provision: Element): Selected {
  const found = provision.children('data').map(readData)
  const meanings = new Set(found.map(({ meaning }) => meaning))
  if (meanings.size > 1) {
    const reason = 'it is not defined whether data of several meanings means all or any of them'
    provision.problem('conflict', 'data', { reason, accepted: 'one meaning in a provision' })
  }
  checkCount(provision, 'data', found, SELECTED_MAX)
  const of = (meaning: Meaning): string[] =>
    distinct(
      found.flatMap((each) => (each.meaning === meaning && each.reference !== undefined ? [each.reference] : [])),
    )
  return { instances: of('instance'), related: of('related'), authors: of('authoredby') }
}

function readData(data: Element): { meaning: Meaning | undefined; reference: string | undefined } {
  data.check(PROVISION_DATA)
  const accepted = Object.keys(MEANINGS).join(', ')
  if (!data.has('meaning')) data.problem('required', 'meaning', { reason: 'missing', accepted })
  const text = data.text('meaning')
  const meaning = text !== undefined && Object.hasOwn(MEANINGS, text) ? (text as Meaning) : undefined
  if (text !== undefined && meaning === undefined) {
    data.problem('unsupported', 'meaning', { reason: 'not a meaning that is accepted here', accepted })
  }
  return { meaning, reference: readTarget(data, meaning) }
}

/** Only what a custodian can compare with its own resources. */
function readTarget(data: Element, meaning: Meaning | undefined): string | undefined {
  const types = meaning === 'related' ? RELATED.join(', ') : 'any type'
  const accepted = `a relative reference Type/id without a version (${types})`
  if (!data.has('reference')) return data.problem('required', 'reference', { reason: 'missing', accepted })
  const reference = data.child('reference')
  const text = reference && referenceText(reference, { accepted })
  if (reference === undefined || text === undefined) return undefined
  const [, type = ''] = RELATIVE.exec(text) ?? []
  if (type !== '' && (meaning !== 'related' || RELATED.includes(type))) return text
  return reference.problem('invalid', 'reference', { reason: 'not a reference that is accepted here', accepted })
}

function checkCount(provision: Element, name: string, items: readonly unknown[], max: number): void {
  if (items.length > max) provision.problem('too-many', name, { reason: 'too many', accepted: `at most ${max}` })
}

const distinct = <T>(items: readonly T[]): T[] => [...new Set(items)]
