// Which machine this is, by the most lasting name that the system has for it. Containers often have none: then null, and
// whoever asks does without.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { taggedHash } from '../crypto/hash.ts'
import type { Hash } from '../types/brand.ts'
import { TAG } from '../types/tags.ts'

/**
 * linux: /etc/machine-id (machine-id(5)). freebsd: /etc/hostid. darwin: IOPlatformUUID. win32: MachineGuid. Hashed: the
 * system wants its own name to stay on the machine.
 */
export function machineId(platform: NodeJS.Platform = process.platform): Hash | null {
  const name = rawName(platform)
  return name === null ? null : taggedHash(TAG.machine, new TextEncoder().encode(name))
}

const UUID = /[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}/i
const TOOL_TIMEOUT_MS = 5_000

function rawName(platform: NodeJS.Platform): string | null {
  switch (platform) {
    case 'linux':
      return firstUuid(fileText('/etc/machine-id')) ?? firstUuid(fileText('/var/lib/dbus/machine-id'))
    case 'freebsd':
      return firstUuid(fileText('/etc/hostid'))
    case 'darwin':
      return firstUuid(/"IOPlatformUUID" = .*/.exec(output('ioreg', ['-rd1', '-c', 'IOPlatformExpertDevice']))?.[0])
    case 'win32':
      return firstUuid(output('reg', ['query', 'HKLM\\SOFTWARE\\Microsoft\\Cryptography', '/v', 'MachineGuid']))
    default:
      return null
  }
}

/** `uninitialized`, or nothing, is what images of systems have in place of an id. */
function firstUuid(text: string | undefined): string | null {
  return UUID.exec(text ?? '')?.[0].toLowerCase() ?? null
}

function fileText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function output(program: string, args: readonly string[]): string {
  try {
    const stdio: ['ignore', 'pipe', 'ignore'] = ['ignore', 'pipe', 'ignore']
    return execFileSync(program, args, { encoding: 'utf8', timeout: TOOL_TIMEOUT_MS, stdio })
  } catch {
    return ''
  }
}
