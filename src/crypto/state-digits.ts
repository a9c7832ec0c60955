// A state key as the path that it takes through the state tree: octal digits, three for every byte. The top bit of a
// byte's first digit says "here is a byte"; the end of the key is the digit 0. So no key's path is the beginning of
// another's, and paths order like the bytes of their keys. spec/ledger.md, "State tree".
//
//   byte     b7 b6 b5 b4 b3 b2 b1 b0
//   digits   (1 b7 b6) (b5 b4 b3) (b2 b1 b0)

export const DIGITS = 8

/** Digit number `at` of the key's path. Behind the end: 0. */
export function digitAt(key: string, at: number): number {
  const index = Math.floor(at / 3)
  if (index >= key.length) return 0
  const byte = key.charCodeAt(index)
  switch (at - 3 * index) {
    case 0:
      return 4 | (byte >> 6)
    case 1:
      return (byte >> 3) & 7
    default:
      return byte & 7
  }
}

/** The first digit, from `start` on, in which two different keys part; `limit` when they agree up to there. */
export function firstDifference(a: string, b: string, limit: number): number {
  const shorter = Math.min(a.length, b.length)
  let index = 0
  while (index < shorter && a.charCodeAt(index) === b.charCodeAt(index)) index++
  let at = 3 * index
  while (at < limit && digitAt(a, at) === digitAt(b, at)) at++
  return Math.min(at, limit)
}

/** The key bytes that the first `digits` digits of a path spell, unknown low bits zero. */
export function prefixOf(key: string, digits: number): string {
  const whole = Math.floor(digits / 3)
  const rest = digits - 3 * whole
  if (rest === 0) return key.slice(0, whole)
  const mask = rest === 1 ? 0xc0 : 0xf8
  return key.slice(0, whole) + String.fromCharCode(key.charCodeAt(whole) & mask)
}
