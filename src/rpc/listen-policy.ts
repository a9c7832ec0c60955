// Where the RPC may listen and whom it answers. On loopback: anybody on this machine. Elsewhere: only over TLS, to clients
// with a certificate of the configured authority. Everywhere: only under names that the operator knows, so that no page
// in a browser reaches the node through a name of its own (DNS rebinding).

import { createPrivateKey, X509Certificate } from 'node:crypto'
import { RpcError } from './errors.ts'

export interface TlsOptions {
  /** PEM. */
  readonly certificate: string | Uint8Array
  readonly key: string | Uint8Array
  /** Authority that signed the clients' certificates. */
  readonly clientAuthority: string | Uint8Array
}

/**
 * - `TLS_REQUIRED`: a host that is not loopback, without TLS and client authentication
 * - `TLS_INVALID`: certificate, key or authority cannot be used
 * - `PORT_IN_USE`, `ADDRESS_UNAVAILABLE`, `NOT_PERMITTED`: what the operating system answered
 */
export type ListenErrorCode = 'TLS_REQUIRED' | 'TLS_INVALID' | 'PORT_IN_USE' | 'ADDRESS_UNAVAILABLE' | 'NOT_PERMITTED'

/** The node cannot serve RPC as configured. The message names the configuration field. */
export class ListenError extends Error {
  readonly code: ListenErrorCode
  constructor(code: ListenErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'ListenError'
    this.code = code
  }
}

export interface ListenOptions {
  readonly host: string
  /** 0 for any free one. */
  readonly port: number
  readonly tls?: TlsOptions | undefined
  /** Names, besides loopback's and `host`, under which clients may address the node. */
  readonly allowedHosts?: readonly string[]
  /** Origins, such as `https://audit.example`, whose pages may use the node. None by default. */
  readonly allowedOrigins?: readonly string[]
}

const WILDCARDS = ['0.0.0.0', '::', '']
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1']

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
}

/** Throws TLS_REQUIRED or TLS_INVALID. */
export function assertMayListen({ host, tls }: ListenOptions): void {
  if (tls !== undefined) assertTls(tls)
  else if (!isLoopback(host)) throw tlsRequired(host)
}

function tlsRequired(host: string): ListenError {
  const quoted = JSON.stringify(host)
  const accepted = 'accepted only with rpc.tls {certificate, key, clientAuthority}'
  return new ListenError('TLS_REQUIRED', `rpc.host: ${quoted} is not a loopback address: ${accepted}`)
}

/** OpenSSL takes an authority that is no certificate without a word, and then trusts nobody. */
function assertTls({ certificate, key, clientAuthority }: TlsOptions): void {
  const read = <T>(field: keyof TlsOptions, parse: () => T): T => {
    try {
      return parse()
    } catch (error) {
      throw new ListenError('TLS_INVALID', `rpc.tls.${field}: expected PEM: ${(error as Error).message}`, {
        cause: error,
      })
    }
  }
  const own = read('certificate', () => new X509Certificate(certificate))
  const privateKey = read('key', () => createPrivateKey(asPem(key)))
  read('clientAuthority', () => new X509Certificate(clientAuthority))
  if (own.checkPrivateKey(privateKey)) return
  throw new ListenError('TLS_INVALID', 'rpc.tls.key: is not the private key of rpc.tls.certificate')
}

export const asPem = (pem: string | Uint8Array): string | Buffer => (typeof pem === 'string' ? pem : Buffer.from(pem))

/** What listen() failed with, in words for the operator. Anything unexpected comes back as it is. */
export function explainListenFailure(error: unknown, { host, port }: ListenOptions): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EADDRINUSE':
      return new ListenError(
        'PORT_IN_USE',
        `rpc.port: ${port} is in use on ${host}: free it, or choose another (0: any)`,
        {
          cause: error,
        },
      )
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return new ListenError('ADDRESS_UNAVAILABLE', `rpc.host: ${host} is not an address of this machine`, {
        cause: error,
      })
    case 'EACCES':
      return new ListenError('NOT_PERMITTED', `rpc.port: not permitted to listen on ${port}: choose one above 1023`, {
        cause: error,
      })
    default:
      return error
  }
}

export interface RequestHeaders {
  readonly host?: string | undefined
  readonly origin?: string | undefined
}

/** Answers "may this request be served?" by its Host and Origin headers. */
export class DoorPolicy {
  private readonly hosts: ReadonlySet<string>
  private readonly origins: ReadonlySet<string>
  private readonly scheme: 'http' | 'https'

  constructor({ host, tls, allowedHosts = [], allowedOrigins = [] }: ListenOptions) {
    const own = WILDCARDS.includes(host) ? [] : [host]
    this.hosts = new Set([...LOOPBACK_NAMES, ...own, ...allowedHosts].map((name) => name.toLowerCase()))
    this.origins = new Set(allowedOrigins)
    this.scheme = tls ? 'https' : 'http'
  }

  /** Throws INVALID_REQUEST naming the header. */
  check({ host, origin }: RequestHeaders): void {
    if (host === undefined || !this.hosts.has(hostNameOf(host))) {
      throw new RpcError('INVALID_REQUEST', { field: 'Host', accepted: 'a loopback name, or one of rpc.allowedHosts' })
    }
    const isOwnPage = origin === `${this.scheme}://${host}`
    if (origin !== undefined && !isOwnPage && !this.origins.has(origin)) {
      throw new RpcError('INVALID_REQUEST', { field: 'Origin', accepted: 'no origin, or one of rpc.allowedOrigins' })
    }
  }

  /** Whether pages of this origin are to be told that they may read answers (CORS). */
  isForeignPage(origin: string | undefined): origin is string {
    return origin !== undefined && this.origins.has(origin)
  }
}

/** `[::1]:8080` -> `::1`; empty, which no list holds, for what is no host. */
function hostNameOf(host: string): string {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@]+))(?::\d{1,5})?$/i.exec(host)
  return (match?.[1] ?? match?.[2] ?? '').toLowerCase()
}
