import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { MemoryNode } from '../../test/support/memory-node.ts'
import { RPC_ERRORS } from './errors.ts'
import { createMethods } from './server.ts'

const specification = readFileSync(new URL('../../spec/rpc.md', import.meta.url), 'utf8')
const rows = specification.split('\n').filter((line) => line.startsWith('| `'))

describe('spec/rpc.md', () => {
  it('tables every error with its number, meaning and action', () => {
    for (const [code, { number, meaning, action }] of Object.entries(RPC_ERRORS)) {
      expect(rows).toContain(`| \`${code}\` | ${number} | ${meaning} | ${action} |`)
    }
  })

  it('tables every method with its parameters', () => {
    const stopping = new AbortController().signal
    for (const { name, params } of createMethods(new MemoryNode().services, { version: '0', stopping })) {
      const row = rows.find((line) => line.startsWith(`| \`${name}\` |`))
      expect(row, name).toBeDefined()
      for (const parameter of Object.keys(params.shape)) expect(row, name).toContain(`\`${parameter}\``)
    }
  })
})
