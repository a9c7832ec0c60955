import { connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../../src/devnet/sleep.ts'
import { remotePortsAt } from './accepted-ports.ts'
import { Mesh } from './mesh.ts'

/** A node `b` that keeps what it hears, and `a` that dials it through the mesh. */
describe('a mesh of proxies', () => {
  let server: Server
  let mesh: Mesh
  let accepted: Socket[]
  let heard: string
  let port: number

  beforeEach(async () => {
    heard = ''
    accepted = []
    server = createServer((socket) => {
      accepted.push(socket)
      socket.on('data', (chunk) => {
        heard += chunk
      })
      socket.on('error', () => undefined)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as { port: number }).port
    mesh = await Mesh.open([
      { name: 'a', port: 1 },
      { name: 'b', port },
    ])
  })
  afterEach(async () => {
    await mesh.close()
    for (const socket of accepted) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  })

  function dial(): { socket: Socket; heardBack: () => string } {
    let back = ''
    const socket = connect(mesh.portFor('a', 'b'), '127.0.0.1')
    socket.on('error', () => undefined)
    socket.on('data', (chunk) => {
      back += chunk
    })
    return { socket, heardBack: () => back }
  }
  const soon = (ask: () => boolean): Promise<boolean> => eventually(ask, { withinMs: 5_000, everyMs: 5 })
  /** Long enough for what is not held back to have come. */
  const aWhile = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 100))

  it('passes bytes both ways', async () => {
    const { socket, heardBack } = dial()
    socket.write('there')
    expect(await soon(() => heard === 'there')).toBe(true)
    accepted[0]?.write('back')
    expect(await soon(() => heardBack() === 'back')).toBe(true)
  })

  it('cut one way: that way nothing comes until it is healed, the other way all does', async () => {
    const { socket, heardBack } = dial()
    expect(await soon(() => accepted.length === 1)).toBe(true)
    mesh.set({ from: 'a', to: 'b' }, { cut: true })
    socket.write('late')
    accepted[0]?.write('at once')
    expect(await soon(() => heardBack() === 'at once')).toBe(true)
    await aWhile()
    expect(heard).toBe('')
    mesh.heal()
    expect(await soon(() => heard === 'late')).toBe(true)
  })

  it('the end of a connection is not seen across a cut', async () => {
    const { socket } = dial()
    expect(await soon(() => accepted.length === 1)).toBe(true)
    mesh.set({ from: 'a', to: 'b' }, { cut: true })
    socket.destroy()
    await aWhile()
    expect(accepted[0]?.readableEnded).toBe(false)
    mesh.heal()
    expect(await soon(() => accepted[0]?.readableEnded === true)).toBe(true)
  })

  it('a connection dialled across a cut stands when it is healed', async () => {
    mesh.set({ from: 'b', to: 'a' }, { cut: true })
    const { socket } = dial()
    socket.write('hello')
    await aWhile()
    expect(accepted).toEqual([])
    mesh.heal()
    expect(await soon(() => heard === 'hello')).toBe(true)
  })

  it('a slow link keeps the order and takes its time', async () => {
    mesh.set({ from: 'a', to: 'b' }, { delayMs: 60, jitterMs: 60 })
    const startMs = performance.now()
    const { socket } = dial()
    const words = Array.from({ length: 20 }, (_, i) => `${i} `)
    for (const word of words) {
      socket.write(word)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect(await soon(() => heard === words.join(''))).toBe(true)
    expect(performance.now() - startMs).toBeGreaterThan(59)
  })

  it('a narrow link holds a fast sender back', async () => {
    mesh.set({ from: 'a', to: 'b' }, { bytesPerSecond: 1_000_000 })
    const startMs = performance.now()
    const { socket } = dial()
    socket.write('x'.repeat(200_000))
    expect(await soon(() => heard.length === 200_000)).toBe(true)
    expect(performance.now() - startMs).toBeGreaterThan(150)
  })

  it.skipIf(process.platform !== 'linux')('tells its own connections from others', async () => {
    dial()
    expect(await soon(() => accepted.length === 1)).toBe(true)
    const stranger = connect(port, '127.0.0.1')
    expect(await soon(() => accepted.length === 2)).toBe(true)
    const known = mesh.outgoingPorts()
    const strangers = remotePortsAt(port)?.filter((each) => !known.has(each))
    expect(strangers).toEqual([stranger.localPort])
    stranger.destroy()
  })
})
