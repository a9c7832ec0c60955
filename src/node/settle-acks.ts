// A snapshot does not tell what became of blocks below its own: whoever has acked one asks for it, and keeps the answer with its
// ack, before the ledger that knew is gone. Else it would be bound by that ack for the rest of the term, and its leader's
// blocks would get no ack from it. spec/ledger.md, "Snapshots".

import { settleAck } from '../consensus/acked-path.ts'
import { decodeSignState, EMPTY_SIGN_STATE, encodeSignState, type SignState } from '../consensus/sign-state.ts'
import type { SignStateFile } from '../ledger/sign-state-file.ts'
import type { Hash, Height } from '../types/brand.ts'

/** Heights of the blocks that the last acks are about. */
export function ackedHeights(files: readonly SignStateFile[]): readonly Height[] {
  const tips = files.map(signStateOf).flatMap(({ lastAck, ackedPath }) => [...ackedPath, ...(lastAck ? [lastAck] : [])])
  return [...new Set(tips.map(({ height }) => height))]
}

/** On disk when it resolves. `certifiedHashAt`: of the snapshot's chain, as far as it was shown. Nothing is signed any more. */
export async function settleAcks(
  files: readonly SignStateFile[],
  certifiedHashAt: (height: number) => Hash | undefined,
): Promise<void> {
  for (const file of files) {
    const signState = signStateOf(file)
    const settled = settleAck(signState, certifiedHashAt)
    if (settled !== signState) await file.write(encodeSignState(settled))
  }
}

const signStateOf = ({ content }: SignStateFile): SignState =>
  content === undefined ? EMPTY_SIGN_STATE : decodeSignState(content)
