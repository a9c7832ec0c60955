// Who could go on if the institutions raised the protocol version: from what a node has heard of the validators.

import type { NodeStatus } from '../client/client.ts'
import { type Founders, nameOf } from './identities.ts'

/** In one line. Null where a quorum of the validators announces the version: the group would go on. */
export function versionWarning(
  { protocol: { announced, quorum } }: Pick<NodeStatus, 'protocol'>,
  { version, founders }: { version: number; founders: Founders },
): string | null {
  const ready = announced.filter(({ versions }) => versions?.includes(version) === true)
  if (ready.length >= quorum) return null
  const others = announced.filter((validator) => !ready.includes(validator))
  const names = others.map(({ institution, versions }) => {
    const says = versions === null ? 'not heard' : `supports ${versions.join(', ')}`
    return `${nameOf(institution, founders)} (${says})`
  })
  const count = `${ready.length} of ${announced.length} validators announce protocol version ${version}, ${quorum} are needed`
  return `${count}: the chain would pause before that height. Not ready: ${names.join(', ')}`
}
