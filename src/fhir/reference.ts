// Reads FHIR References. Only a literal reference decides; identifier and display stay in the body.

import { REFERENCE } from './consent-elements.ts'
import type { Element } from './element.ts'
import type { ResolvedIdentity, Resolver } from './resolver.ts'

/** What is accepted, in words, for the problem that is noted otherwise. */
export interface Expected {
  readonly accepted: string
}

/** Text of a Reference; undefined after a problem was noted. */
export function referenceText(reference: Element, { accepted }: Expected): string | undefined {
  reference.check(REFERENCE)
  if (reference.has('reference')) return reference.text('reference')
  return reference.problem('required', 'reference', { reason: 'an identifier or display alone', accepted })
}

/** Who the Reference in element `name` of `parent` stands for; undefined after a problem was noted. */
export async function readReference(
  parent: Element,
  name: string,
  { resolver, accepted }: Expected & { resolver: Resolver },
): Promise<ResolvedIdentity | undefined> {
  if (!parent.has(name)) return parent.problem('required', name, { reason: 'missing', accepted })
  const reference = parent.child(name)
  return reference && resolveReference(reference, { resolver, accepted })
}

/** The same for a Reference at hand. */
export async function resolveReference(
  reference: Element,
  { resolver, accepted }: Expected & { resolver: Resolver },
): Promise<ResolvedIdentity | undefined> {
  const text = referenceText(reference, { accepted })
  if (text === undefined) return undefined
  const resolved = await resolver.identity(text)
  return resolved ?? reference.problem('unresolved', 'reference', { reason: 'leads to nobody registered', accepted })
}
