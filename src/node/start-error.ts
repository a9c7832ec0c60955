// Apart from the node, so that whoever tells errors apart need not load all of it.

/** Configuration, keys and genesis are each valid and do not fit together. */
export class StartError extends Error {
  override name = 'StartError'
}
