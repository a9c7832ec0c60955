// Chance from a seed. Every consumer forks its own stream by name, so that a new consumer does not shift what the others draw.

/** sfc32 (Doty-Humphrey): 128 bits of state, good statistics, fast. */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number | string) {
    const text = String(seed)
    this.#a = mix(text, 0x9e3779b9)
    this.#b = mix(text, 0x243f6a88)
    this.#c = mix(text, 0xb7e15162)
    for (let i = 0; i < 12; i++) this.bits()
    this.#name = text
  }

  readonly #name: string

  /** A stream of its own, the same whatever else was drawn. */
  fork(name: string): Random {
    return new Random(`${this.#name}/${name}`)
  }

  /** 32 bits. */
  bits(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }

  /** In [0, 1). */
  fraction(): number {
    return this.bits() / 2 ** 32
  }

  /** 0 to limit - 1. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit)
  }

  between(least: number, most: number): number {
    return least + this.fraction() * (most - least)
  }

  chance(part: number): boolean {
    return part > 0 && this.fraction() < part
  }

  /** Exponentially distributed. */
  around(mean: number): number {
    return -Math.log(1 - this.fraction()) * mean
  }

  pick<T>(items: readonly T[]): T {
    if (items.length === 0) throw new RangeError('pick: nothing to pick from')
    return items[this.below(items.length)] as T
  }

  /** `count` different ones. */
  sample<T>(items: readonly T[], count: number): T[] {
    const left = [...items]
    return Array.from({ length: Math.min(count, left.length) }, () => left.splice(this.below(left.length), 1)[0] as T)
  }

  weighted<T>(menu: readonly (readonly [item: T, weight: number])[]): T {
    let left = this.fraction() * menu.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [item, weight] of menu) {
      left -= weight
      if (left < 0) return item
    }
    return (menu.at(-1) as readonly [T, number])[0]
  }

  bytes(length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    for (let at = 0; at < length; at++) bytes[at] = this.bits()
    return bytes
  }
}

/** 32 bits of a text: FNV-1a with a final avalanche (murmur3). */
function mix(text: string, seed: number): number {
  let hash = seed ^ 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return hash ^ (hash >>> 16)
}
