// A view of libp2p's registrar for services that talk to everybody who is connected (gossipsub, identify): through it
// they meet members only. Not done with libp2p's stream middleware, which appends the handler to the registered list
// at every inbound stream (libp2p 3.3.11, connection.js, onIncomingStream).

import type { GossipSubComponents } from '@libp2p/gossipsub'
import type { PeerId } from '@libp2p/interface'
import type { Gate } from './gate.ts'
import { transportKeyOf } from './transport-key.ts'

type Registrar = GossipSubComponents['registrar']

/** libp2p's components with that view in them. A proxy, because they are one: a look at an absent one throws. */
export function membersOnly<T extends { registrar: Registrar }>(components: T, gate: Gate): T {
  const registrar = restrict(components.registrar, gate)
  return new Proxy(components, {
    get: (target, property) => (property === 'registrar' ? registrar : Reflect.get(target, property)),
  })
}

function restrict(registrar: Registrar, gate: Gate): Registrar {
  const isMember = (peerId: PeerId): boolean => {
    const peer = transportKeyOf(peerId)
    return peer !== null && gate.classOf(peer) === 'member'
  }
  return {
    getProtocols: () => registrar.getProtocols(),
    getHandler: (protocol) => registrar.getHandler(protocol),
    getTopologies: (protocol) => registrar.getTopologies(protocol),
    getMiddleware: (protocol) => registrar.getMiddleware(protocol),
    use: (protocol, middleware) => registrar.use(protocol, middleware),
    unuse: (protocol) => registrar.unuse(protocol),
    unhandle: (protocol, options) => registrar.unhandle(protocol, options),
    unregister: (id) => registrar.unregister(id),
    handle: (protocol, handler, options) =>
      registrar.handle(
        protocol,
        (stream, connection) => {
          const peer = transportKeyOf(connection.remotePeer)
          if (peer !== null && gate.admits(peer, protocol)) return handler(stream, connection)
          stream.abort(new Error('only members may use this protocol'))
        },
        options,
      ),
    register: (protocol, topology, options) =>
      registrar.register(
        protocol,
        {
          ...topology,
          onConnect: (peerId, connection) => {
            if (isMember(peerId)) topology.onConnect?.(peerId, connection)
          },
          onDisconnect: (peerId) => topology.onDisconnect?.(peerId),
        },
        options,
      ),
  }
}
