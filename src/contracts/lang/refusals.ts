// Refusal codes as they stand in `require`, `refuse` and `else refuse`.

import type { CheckedRefusal } from './checked.ts'
import { didYouMean, Mistake } from './diagnostics.ts'
import type { Symbols } from './symbols.ts'
import type { RefusalSyntax } from './syntax.ts'

export function resolveRefusal(symbols: Symbols, { code, about }: RefusalSyntax): CheckedRefusal {
  if (!symbols.refusals.has(code.text)) {
    const advice = `Declare it: refusal ${code.text} "A sentence for people."${didYouMean(code.text, symbols.refusals.keys())}`
    throw new Mistake(code.span, `there is no refusal "${code.text}"`, advice)
  }
  return { code: code.text, about: about?.text ?? null }
}
