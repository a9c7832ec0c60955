import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { commentCommitment, commitToComment, keepComment } from './break-glass-comment.ts'

const comment = { reason: 'unconscious', text: 'found at the roadside' }

it('two commitments to one text differ, so that nobody can guess the text', () => {
  expect(commitToComment(comment).commitment).not.toBe(commitToComment(comment).commitment)
})

it('whoever is given text and salt can check the commitment', () => {
  const { text, salt, commitment } = commitToComment(comment)
  expect(commentCommitment({ text, salt: Uint8Array.fromHex(salt) })).toBe(commitment)
  expect(commentCommitment({ text: `${text}.`, salt: Uint8Array.fromHex(salt) })).not.toBe(commitment)
})

it('text and salt are kept for the owner only', () => {
  const folder = mkdtempSync(join(tmpdir(), 'assent-comment-'))
  try {
    const made = commitToComment(comment)
    const file = keepComment(made, { folder })
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(made)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(statSync(join(folder, 'break-glass')).mode & 0o777).toBe(0o700)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
