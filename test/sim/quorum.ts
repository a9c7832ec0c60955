// The arithmetic of spec/consensus.md, "Quorum", written once more: the code under test is not its own judge.

export interface Size {
  readonly n: number
  readonly b: number
}

/** ceil((n + b + 1) / 2) */
export const quorumOf = ({ n, b }: Size): number => Math.ceil((n + b + 1) / 2)
/** So many liars cannot fork the chain. */
export const harmlessLiars = ({ n, b }: Size): number => 2 * quorumOf({ n, b }) - n - 1
/** So many members may be silent. */
export const spareMembers = ({ n, b }: Size): number => n - quorumOf({ n, b })
