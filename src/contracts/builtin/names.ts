// The contracts that a new consortium starts with.

/** In dependency order: used contracts first. */
export const BUILT_IN_NAMES = [
  'policy',
  'registry',
  'validators',
  'deployments',
  'governance',
  'evidence',
  'consent',
  'algorithm',
  'limits',
  'erasure',
  'access',
  'audit',
] as const
