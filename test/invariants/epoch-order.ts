// Membership (spec/consensus.md, section 14), told once more from what blocks and receipts say: a set counts from the first block
// that shows a certificate over its decision, never because somebody appended that; until then nothing but opening blocks
// follows; and whoever certifies a block is a quorum of the set of its own epoch.

import type { Block } from '../../src/types/block.ts'
import type { Epoch, Hash } from '../../src/types/brand.ts'
import type { CommitCert } from '../../src/types/certificate.ts'
import type { Receipt } from '../../src/types/receipt.ts'
import { type CreateInvariant, short } from './invariant.ts'

/** Of the state after a block. */
interface After {
  readonly epoch: number
  readonly term: number
  readonly height: number
  /** Where the next set was decided, as long as it is not in force. */
  readonly decidedAt: number | null
}

export const epochOrder: CreateInvariant = ({ receiptsOf, setOf, genesisBlock, violate }) => {
  const after = new Map<Hash, After>([[genesisBlock.hash, { epoch: 0, term: 0, height: 0, decidedAt: null }]])

  const signersFault = ({ epoch, signatures }: CommitCert): string | null => {
    const set = setOf(epoch)
    if (set === undefined) return null
    const { members, b } = set
    const signers = new Set(signatures.map(({ member }) => member))
    const strangers = [...signers].filter((signer) => members.every(({ seat }) => seat !== signer))
    if (strangers.length > 0) return `seat ${strangers.join(', ')} has no voice in epoch ${epoch}`
    const needed = Math.ceil((members.length + b + 1) / 2)
    return signers.size < needed ? `${signers.size} of epoch ${epoch} have signed, expected ${needed}` : null
  }

  const fault = ({ header, transactions, epochCert }: Block, before: After): string | null => {
    const { epoch } = header
    if (before.decidedAt === null) return epoch === before.epoch ? null : `of epoch ${epoch}, which nobody decided`
    if (epoch === before.epoch) {
      const isOpening = header.term > before.term && transactions.length === 0
      return isOpening ? null : `it follows the decision at ${before.decidedAt}, which is not in force`
    }
    if (epoch !== before.epoch + 1 || epochCert === null || epochCert.epoch !== before.epoch)
      return `it begins epoch ${epoch} without a certificate of the one before`
    const covers = epochCert.height >= before.decidedAt && epochCert.height <= before.height
    return covers ? signersFault(epochCert) : `its certificate does not cover the decision at ${before.decidedAt}`
  }

  return {
    name: 'epoch-order',
    onCommit(by, blocks, certificate) {
      for (const block of blocks) {
        const { header, hash } = block
        const before = after.get(header.parentHash)
        if (before === undefined || after.has(hash)) continue
        const { epoch, term, height } = header
        const wrong = fault(block, before)
        if (wrong !== null) violate(`seat ${by} has ${short(hash)} at height ${height}: ${wrong}`)
        const isDecision = decides(receiptsOf(by, height) ?? [], (epoch + 1) as Epoch)
        const isOver = epoch > before.epoch
        after.set(hash, { epoch, term, height, decidedAt: isDecision ? height : isOver ? null : before.decidedAt })
      }
      const last = blocks.at(-1)
      if (last === undefined) return
      const unsigned =
        certificate.epoch === last.header.epoch
          ? signersFault(certificate)
          : `it is of epoch ${last.header.epoch}, its certificate of ${certificate.epoch}`
      if (unsigned !== null) violate(`seat ${by} takes ${short(last.hash)} for certified: ${unsigned}`)
    },
  }
}

function decides(receipts: readonly Receipt[], epoch: Epoch): boolean {
  const events = receipts.flatMap(({ calls }) => calls.flatMap((call) => call.events))
  return events.some(
    ({ contract, name, fields }) =>
      contract === 'validators' && name === 'SetChanged' && (fields as { epoch?: unknown }).epoch === epoch,
  )
}
