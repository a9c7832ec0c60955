// Apart from the rest, so that whoever tells errors apart need not load all of it.

/** What survivors brought does not make a chain that can be gone on from; the message says why. */
export class RecoveryError extends Error {
  override name = 'RecoveryError'
}
