import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { INSTITUTION_TOKEN, MemoryNode, PATIENT } from '../../test/support/memory-node.ts'
import { serve } from '../../test/support/memory-server.ts'
import { InstitutionClient } from './institution-client.ts'

let node: MemoryNode
let server: Awaited<ReturnType<typeof serve>>

beforeEach(async () => {
  node = new MemoryNode()
  server = await serve(node)
})
afterEach(() => server.close())

const clientWith = (token: string, options: { fetch?: typeof fetch; url?: string } = {}) =>
  new InstitutionClient({ url: server.url, genesis: node.chain.genesis, ...options }, token)

describe('InstitutionClient', () => {
  it('stores more than one request holds and fetches it byte-identical', async () => {
    const client = clientWith(INSTITUTION_TOKEN)
    const resources = Array.from({ length: 5 }, (_, i) => new Uint8Array(300_000).fill(i))
    expect(await client.storeRecords(PATIENT, resources)).toHaveLength(5)
    const { records: fetched } = await client.fetchRecords(PATIENT, 1)
    expect(fetched.map(({ bytes }) => bytes)).toEqual(resources)
  })

  it('is refused without the token', async () => {
    await expect(clientWith('guess').storeRecords(PATIENT, [new Uint8Array(1)])).rejects.toMatchObject({
      refusal: { code: 'TOKEN_REQUIRED' },
    })
  })

  it('does not store twice when an answer is lost', async () => {
    let requests = 0
    const losing: typeof fetch = async (...request) => {
      requests++
      await fetch(...request)
      throw new TypeError('connection lost')
    }
    const client = clientWith(INSTITUTION_TOKEN, { fetch: losing })
    await expect(client.storeRecords(PATIENT, [new Uint8Array(1)])).rejects.toMatchObject({ code: 'UNREACHABLE' })
    expect(requests).toBe(1)
  })
})
