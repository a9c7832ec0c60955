// One object per type, so that equal types are compared with ===. Equal text means equal type: the tables of a module
// hold no two enums or records of one name.

import {
  BOOL,
  CODE,
  DURATION,
  HASH,
  ID,
  INT,
  INTERVAL,
  INTERVAL_END,
  KEY,
  NAME,
  type OptionalType,
  TIME,
  type Type,
  typeText,
} from './type.ts'

export class TypeInterner {
  private readonly types = new Map<string, Type>([
    ...[INT, BOOL, TIME, DURATION, ID, HASH, KEY, CODE, NAME, INTERVAL].map((type): [string, Type] => [
      type.kind,
      type,
    ]),
    [typeText(INTERVAL_END), INTERVAL_END],
  ])

  intern(type: Type): Type {
    const text = typeText(type)
    const known = this.types.get(text)
    if (known !== undefined) return known
    this.types.set(text, type)
    return type
  }

  optional(value: Type): OptionalType {
    return this.intern({ kind: 'optional', value }) as OptionalType
  }
}
