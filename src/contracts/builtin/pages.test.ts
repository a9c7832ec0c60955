// What spec/contracts.md and spec/consent.md say about the contracts is what the contracts are.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { AbiEntry } from '../abi.ts'
import { runFilter } from '../execute.ts'
import { type Type, typeText } from '../vm/type.ts'
import { Consortium } from './consortium.test-support.ts'
import { BUILT_IN_NAMES } from './names.ts'

const page = (name: string) => readFileSync(new URL(`../../../spec/${name}.md`, import.meta.url), 'utf8')
const contractsPage = page('contracts')
const consentPage = page('consent')
const consortium = new Consortium()

/** Text from one heading to the next of its rank. */
function section(text: string, heading: string): string {
  const rank = heading.slice(0, heading.indexOf(' '))
  const start = text.indexOf(`\n${heading}\n`)
  if (start < 0) throw new Error(`no section ${heading}`)
  const end = text.indexOf(`\n${rank} `, start + heading.length + 1)
  return text.slice(start, end < 0 ? undefined : end)
}

const rowsOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split(/(?<!\\)\|/).slice(1, -1))
    .map((cells) => cells.map((cell) => cell.trim().replaceAll('\\', '')))

const codesIn = (text: string): string[] =>
  [...text.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`]+)`/g)].map(([, code]) => code as string)

/** `action name(parameters) returns type reveals parameter by contract`, a line for each method that a page lists. */
function methodsOnPage(contract: string): string[] {
  return rowsOf(section(contractsPage, `## ${contract}`))
    .filter(([method = '']) => /^(genesis action|action|view|filter) /.test(method))
    .flatMap(([method = '', parameters, returns, remarks = '']) => {
      const kind = method.slice(0, method.indexOf('`')).trim()
      const reveals = /\*reveals (\w+)\*/.exec(remarks)?.[1]
      const by = /, by (\w+)$/.exec(method)?.[1]
      return codesIn(method).map((name) => line({ kind, name, parameters, returns, reveals, by }))
    })
}

function methodsOf(contract: string): string[] {
  const own = (type: Type) => typeText(type).replaceAll(`${contract}.`, '')
  return consortium.abi(contract).entries.map((entry: AbiEntry) =>
    line({
      kind: entry.kind,
      name: entry.name,
      parameters: entry.parameters.map(({ name, type }) => `${name}: ${own(type)}`).join(', '),
      returns: entry.returns === null ? '' : own(entry.returns),
      reveals: entry.reveals ?? undefined,
      by: entry.by ?? undefined,
    }),
  )
}

interface Method {
  readonly kind: string
  readonly name: string
  readonly parameters: string | undefined
  readonly returns: string | undefined
  readonly reveals: string | undefined
  readonly by: string | undefined
}

const line = ({ kind, name, parameters, returns, reveals, by }: Method) =>
  `${kind} ${name}(${parameters}) -> ${returns} reveals ${reveals} by ${by}`

describe.each(BUILT_IN_NAMES)('spec/contracts.md on %s', (contract) => {
  it('lists every method with its parameters, its answer and whom it reveals', () => {
    expect(methodsOnPage(contract).sort()).toEqual(methodsOf(contract).sort())
  })

  it('shows every event with its fields', () => {
    const shown = codesIn(section(contractsPage, `## ${contract}`))
    for (const { name, fields } of consortium.abi(contract).events) {
      expect(shown).toContain(`${name}(${fields.map((field) => field.name).join(', ')})`)
    }
  })

  it('says of every refusal what to do', () => {
    const explained = rowsOf(section(contractsPage, '## Refusal codes')).flatMap(([code = '']) => codesIn(code))
    for (const { code } of consortium.abi(contract).refusals) expect(explained).toContain(code)
  })
})

describe('spec/consent.md', () => {
  it('names every reason, in the order of the contract', () => {
    const answer = consortium.abi('access').entries.find(({ name }) => name === 'request')?.returns
    const reasons = answer?.kind === 'record' ? answer.fields.find(({ name }) => name === 'reasons')?.type : undefined
    const members = reasons?.kind === 'list' && reasons.item.kind === 'enum' ? reasons.item.members : []
    const named = rowsOf(section(consentPage, '### Reasons')).flatMap(([reason = '']) => codesIn(reason))
    expect(members.length).toBeGreaterThan(10)
    expect(named).toEqual(members)
  })

  it('lists purposes as they cover each other', () => {
    const isPurpose = (purpose: string) => consortium.ask('policy.isPurpose', { purpose })
    const covers = (granted: string, asked: string) => consortium.ask('policy.covers', { granted, asked })
    const rows = rowsOf(section(consentPage, '### Purposes')).filter(([purpose = '']) => purpose.startsWith('`'))
    const all = rows.flatMap((cells) => cells.flatMap(codesIn))
    for (const purpose of all) expect([purpose, isPurpose(purpose)]).toEqual([purpose, true])
    for (const [above = '', below = ''] of rows) {
      const tops = codesIn(above)
      const under = codesIn(below)
      for (const top of tops) {
        const covered = [...new Set(all)].filter((asked) => asked !== top && covers(top, asked))
        // ETREAT's row is part of TREAT's cover.
        expect(covered.sort()).toEqual([...under, ...(top === 'TREAT' ? ['ERTREAT'] : [])].sort())
      }
    }
  })

  it('lists sensitivities as they mean each other', () => {
    const rows = rowsOf(section(consentPage, '### Sensitivities')).slice(2)
    const all = [...new Set(rows.flatMap((cells) => cells.flatMap(codesIn)))]
    const { contracts, state } = consortium
    const means = (named: string, label: string) => {
      const call = { contract: 'policy', method: 'meansSensitivity', args: [1, named, label] }
      const outcome = runFilter(contracts, call, { state })
      return outcome.status === 'ok' && outcome.value === true
    }
    const under = new Map(
      rows.flatMap(([labels = '', below = '']) => codesIn(labels).map((each) => [each, codesIn(below)])),
    )
    for (const named of all) {
      const meant = all.filter((label) => means(named, label))
      expect([named, ...(under.get(named) ?? [])].sort()).toEqual(meant.sort())
    }
  })

  it('lists what each role may claim', () => {
    const purposes = [...new Set(codesIn(section(consentPage, '### Purposes')))].filter((purpose) =>
      consortium.ask('policy.isPurpose', { purpose }),
    )
    for (const [role = '', clinician, claims = ''] of rowsOf(section(consentPage, '### Roles')).slice(2)) {
      const [code = ''] = codesIn(role)
      expect([code, consortium.ask('policy.role', { role: code })]).toMatchObject([
        code,
        { clinician: clinician === 'yes' },
      ])
      const listed = claims.split(', ')
      for (const purpose of purposes) {
        const isListed = listed.some((granted) => consortium.ask('policy.covers', { granted, asked: purpose }))
        expect([code, purpose, consortium.ask('policy.mayClaim', { role: code, purpose })]).toEqual([
          code,
          purpose,
          isListed,
        ])
      }
    }
  })

  it('lists break-glass reasons and capacities', () => {
    const rows = new Map(
      rowsOf(section(consentPage, '### Other codes')).map(([kind = '', codes = '']) => [kind, codesIn(codes)]),
    )
    const known = (kind: string, view: string, parameter: string) => {
      const codes = rows.get(kind) ?? []
      expect(codes.length).toBeGreaterThan(0)
      for (const code of codes) expect([code, consortium.ask(view, { [parameter]: code })]).toEqual([code, true])
    }
    known('break-glass reasons', 'policy.isReason', 'reason')
    known('capacities of delegates', 'policy.isCapacity', 'capacity')
  })
})
