import { request } from 'node:https'
import { describe, expect, it } from 'vitest'
import {
  AUTHORITY,
  CLIENT_CERTIFICATE,
  CLIENT_KEY,
  SERVER_CERTIFICATE,
  SERVER_KEY,
  STRANGER_CERTIFICATE,
  STRANGER_KEY,
} from '../../test/support/certificates.ts'
import { MemoryNode } from '../../test/support/memory-node.ts'
import { isLoopback, type ListenOptions } from './listen-policy.ts'
import { startRpcServer } from './server.ts'

const tls = { certificate: SERVER_CERTIFICATE, key: SERVER_KEY, clientAuthority: AUTHORITY }
const start = (listen: ListenOptions) =>
  startRpcServer({ listen, services: new MemoryNode().services, version: '0.1.0' })

function get(port: number, credentials: { cert?: string; key?: string }) {
  return new Promise<number | undefined>((resolve, reject) => {
    const options = { host: 'localhost', port, path: '/livez', ca: AUTHORITY, agent: false, ...credentials }
    const sent = request(options, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    sent.on('error', reject)
    sent.end()
  })
}

describe('listening off loopback', () => {
  it.each(['0.0.0.0', '::', '192.0.2.1', 'node.example', '127.evil.example', ''])(
    'on %j without TLS is refused',
    async (host) => {
      await expect(start({ host, port: 0 })).rejects.toMatchObject({
        code: 'TLS_REQUIRED',
        message: expect.stringContaining('rpc.tls'),
      })
    },
  )

  it('with TLS answers a client of the authority, and nobody else', async () => {
    const server = await start({ host: '0.0.0.0', port: 0, tls })
    try {
      expect(server.url).toMatch(/^https:/)
      expect(await get(server.port, { cert: CLIENT_CERTIFICATE, key: CLIENT_KEY })).toBe(200)
      await expect(get(server.port, {})).rejects.toThrow()
      await expect(get(server.port, { cert: STRANGER_CERTIFICATE, key: STRANGER_KEY })).rejects.toThrow()
    } finally {
      await server.close()
    }
  })

  it('with files that are no PEM is refused', async () => {
    for (const field of ['certificate', 'key', 'clientAuthority']) {
      const wrong = { ...tls, [field]: 'nonsense' }
      await expect(start({ host: '0.0.0.0', port: 0, tls: wrong })).rejects.toMatchObject({
        code: 'TLS_INVALID',
        message: expect.stringContaining(`rpc.tls.${field}`),
      })
    }
  })

  it('with a key of another certificate is refused', async () => {
    const wrong = { ...tls, key: CLIENT_KEY }
    await expect(start({ host: '127.0.0.1', port: 0, tls: wrong })).rejects.toMatchObject({ code: 'TLS_INVALID' })
  })

  it('on an address of another machine says so', async () => {
    await expect(start({ host: '192.0.2.1', port: 0, tls })).rejects.toMatchObject({ code: 'ADDRESS_UNAVAILABLE' })
  })
})

describe('isLoopback()', () => {
  it.each(['localhost', '127.0.0.1', '127.8.9.10', '::1'])('accepts %s', (host) => {
    expect(isLoopback(host)).toBe(true)
  })
  it.each(['0.0.0.0', '::', '128.0.0.1', '127.0.0.1.example', 'localhost.example', ''])('refuses %j', (host) => {
    expect(isLoopback(host)).toBe(false)
  })
})
