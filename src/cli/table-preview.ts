// What a change of the tables would mean, shown before anybody proposes it or votes for it.

import * as z from 'zod'
import type { Client } from '../client/client.ts'
import { ask, type Change, settingsSchema } from './governance-answers.ts'

/** Null for a change of another kind. Throws where the chain refuses it. */
export async function tablePreview(change: Change, client: Client): Promise<readonly string[] | null> {
  const { code, role, choice, institution } = change
  if (change.kind === 'addCode' && code !== null) {
    const call = { contract: 'policy', method: 'coveringIfAdded', args: code }
    const covering = await ask(client, call, z.array(z.string()))
    const others = covering.filter((each) => each !== code.code)
    if (others.length === 0) return [`${code.code} stands by itself.`]
    return [
      `Whatever names ${others.join(' or ')} means ${code.code}, too: in consents that are signed already, as well.`,
    ]
  }
  if (change.kind === 'withdrawCode' && code !== null) {
    return [`New consents and requests that name ${code.code} are refused. Those in force mean what they meant.`]
  }
  if (change.kind === 'setRole' && role !== null) {
    await ask(client, { contract: 'policy', method: 'roleIfSet', args: role }, z.unknown())
    return [`Whoever acts as ${role.role} may claim these purposes and what stands under them, from then on.`]
  }
  if (change.kind === 'limitChoice' && choice !== null) {
    const call = { contract: 'policy', method: 'settings', args: { custodian: institution } }
    const { implicitPolicy, breakGlass } = await ask(client, call, settingsSchema)
    const inForce = `It has ${implicitPolicy}, break-glass ${breakGlass}.`
    const [policies, settings] = [choice.implicitPolicies, choice.breakGlass]
    if (policies.includes(implicitPolicy) && settings.includes(breakGlass)) return [`${inForce} That stays.`]
    const [policy, setting] = [
      policies.includes(implicitPolicy) ? implicitPolicy : policies[0],
      settings.includes(breakGlass) ? breakGlass : settings[0],
    ]
    return [`${inForce} That becomes ${policy}, break-glass ${setting}.`]
  }
  return null
}
