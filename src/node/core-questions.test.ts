import { describe, expect, it } from 'vitest'
import type { Occurrence } from '../consensus/events.ts'
import type { Seat } from '../types/brand.ts'
import { CoreQuestions } from './core-questions.ts'

const seat = (number: number): Seat => number as Seat

function create(): { questions: CoreQuestions; posted: Occurrence[] } {
  const posted: Occurrence[] = []
  return { questions: new CoreQuestions({ self: seat(0), post: (occurrence) => posted.push(occurrence) }), posted }
}

describe('readIndex()', () => {
  it('lets reads that come while a round is under way share the next one: theirs must begin after they do', async () => {
    const { questions, posted } = create()
    const first = questions.readIndex()
    const later = [questions.readIndex(), questions.readIndex()]
    expect(posted).toEqual([{ kind: 'readIndex', id: 1 }])
    questions.onRead(1, 'ready')
    expect(await first).toBe('ready')
    expect(posted.at(-1)).toEqual({ kind: 'readIndex', id: 2 })
    questions.onRead(1, 'ready')
    questions.onRead(2, 'timeout')
    expect(await Promise.all(later)).toEqual(['timeout', 'timeout'])
  })

  it('refuses more readers than it can hold', async () => {
    const { questions } = create()
    for (let reader = 0; reader <= 4_096; reader++) void questions.readIndex()
    expect(await questions.readIndex()).toBe('busy')
  })
})

describe('transfer()', () => {
  it('is settled by another leader, not by word of this one', async () => {
    const { questions, posted } = create()
    const outcome = questions.transfer(seat(2))
    expect(posted).toEqual([{ kind: 'transfer', target: 2 }])
    questions.onLeader(null)
    questions.onLeader(seat(0))
    questions.onLeader(seat(2))
    expect(await outcome).toEqual({ leader: 2 })
  })

  it('is settled by its failure', async () => {
    const { questions } = create()
    const outcome = questions.transfer(null)
    questions.onTransferFailed('timeout')
    expect(await outcome).toEqual({ failure: 'timeout' })
  })
})

describe('close()', () => {
  it('answers whoever still waits, and everybody who comes later', async () => {
    const { questions } = create()
    const waiting = [questions.readIndex(), questions.readIndex()]
    const transfer = questions.transfer(null)
    questions.close()
    expect(await Promise.all([...waiting, questions.readIndex()])).toEqual(['stopping', 'stopping', 'stopping'])
    expect(await Promise.all([transfer, questions.transfer(null)])).toEqual([
      { failure: 'stopping' },
      { failure: 'stopping' },
    ])
  })
})
