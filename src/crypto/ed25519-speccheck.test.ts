// The edge cases of Chalkias, Garillot, Nikolaenko, "Taming the many EdDSAs" (2020): github.com/novifinancial/
// ed25519-speccheck, cases.json at commit d2b2ba5. Its 15 cases hold the 12 of the paper; numbers and remarks are those
// of the repository's README at that time.

import { expect, test } from 'vitest'
import { verify } from './ed25519.ts'
import { ALL_INVALID, ALL_VALID, verdictsOf } from './ed25519-verdicts.ts'

const SMALL_A = 'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa'
const MIXED_A = 'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43'
const MIXED_A2 = 'cdb267ce40c5cd45306fa5d2f29731459387dbf9eb933b7bd5aed9a765b88d4d'
const LARGE_A = '442aad9f089ad9e14647b1ef9099a1ff4798d78589e66f28eca69c11f582a623'
const MINUS_ZERO_A = 'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff'

const CASES: readonly [what: string, valid: boolean, publicKey: string, message: string, signature: string][] = [
  [
    '0: S = 0, small R, small A, passes only cofactored',
    false,
    SMALL_A,
    '2a66241a42a9ee12994d8068dcf1bb7dfc6637b45450acd43711f637fa5080fc',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000',
  ],
  [
    '1: S = 0, small R, small A',
    false,
    SMALL_A,
    '8c93255d71dcab10e8f379c26200f3c7bd5f09d9bc3068d3ef4edeb4853022b6',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a0000000000000000000000000000000000000000000000000000000000000000',
  ],
  [
    '2: mixed R, small A, passes only cofactored',
    false,
    SMALL_A,
    '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  ],
  [
    '3: mixed R, small A',
    false,
    SMALL_A,
    '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    'f7badec5b8abeaf699583992219b7b223f1df3fbbea919844e3f7c554a43dd43a5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  ],
  [
    '4: small R, mixed A, passes only cofactored',
    false,
    MIXED_A,
    '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa182ef1a5b928da07fec769cc8a12db6bcf70dab3f3227fa315e9d5e3e01a3405',
  ],
  [
    '5: small R, mixed A',
    false,
    MIXED_A,
    'aebf3f2601a0c8c5d39cc7d8911642f740b78168218da8471772b35f9d35b9ab',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa8c4bd45aecaca5b24fb97bc10ac27ac8751a7dfe1baff8b953ec9f5833ca260e',
  ],
  [
    '6: mixed R, mixed A, passes both equations',
    true,
    MIXED_A2,
    '9bd9f44f4dcc75bd531b56b2cd280b0bb38fc1cd6d1230e14861d861de092e79',
    '9046a64750444938de19f227bb80485e92b83fdb4b6506c160484c016cc1852f87909e14428a7a1d62e9f22f3d3ad7802db02eb2e688b6c52fcd6648a98bd009',
  ],
  [
    '7: mixed R, mixed A, passes only cofactored',
    false,
    MIXED_A2,
    'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    '160a1cb0dc9c0258cd0a7d23e94d8fa878bcb1925f2c64246b2dee1796bed5125ec6bc982a269b723e0668e540911a9a6a58921d6925e434ab10aa7940551a09',
  ],
  [
    '8: passes cofactored unless 8k is reduced first',
    false,
    MIXED_A2,
    'e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec4011eaccd55b53f56c',
    '21122a84e0b5fca4052f5b1235c80a537878b38f3142356b2c2384ebad4668b7e40bc836dac0f71076f9abe3a53f9c03c1ceeeddb658d0030494ace586687405',
  ],
  [
    '9: S > L',
    false,
    LARGE_A,
    '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    'e96f66be976d82e60150baecff9906684aebb1ef181f67a7189ac78ea23b6c0e547f7690a0e2ddcd04d87dbc3490dc19b3b3052f7ff0538cb68afb369ba3a514',
  ],
  [
    '10: S much above L',
    false,
    LARGE_A,
    '85e241a07d148b41e47d62c63f830dc7a6851a0b1f33ae4bb2f507fb6cffec40',
    '8ce5b96c8f26d0ab6c47958c9e68b937104cd36e13c33566acd2fe8d38aa19427e71f98a473474f2f13f06f97c20d58cc3f54b8bd0d272f42b695dd7e89a8c22',
  ],
  [
    '11: small R, not canonical, hashed as it is',
    false,
    MIXED_A,
    '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff03be9678ac102edcd92b0210bb34d7428d12ffc5df5f37e359941266a4e35f0f',
  ],
  [
    '12: small R, not canonical, hashed reduced',
    false,
    MIXED_A,
    '9bedc267423725d473888631ebf45988bad3db83851ee85c85e241a07d148b41',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffca8c5b64cd208982aa38d4936621a4775aa233aa0505711d8fdcfdaa943d4908',
  ],
  [
    '13: small A, not canonical, hashed as it is',
    false,
    MINUS_ZERO_A,
    'e96b7021eb39c1a163b6da4e3093dcd3f21387da4cc4572be588fafae23c155b',
    'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  ],
  [
    '14: small A, not canonical, hashed reduced',
    false,
    MINUS_ZERO_A,
    '39a591f5321bbe07fd5a23dc2f39d025d74526615746727ceefd6e82ae65c06f',
    'a9d55260f765261eb9b84e106f665e00b867287a761990d7135963ee0a7d59dca5bb704786be79fc476f91d3f3f89b03984d8068dcf1bb7dfc6637b45450ac04',
  ],
]

test.each(CASES)('verify() and every library agree on case %s: %s', (_what, valid, ...hex) => {
  const [publicKey, message, signature] = hex.map((text) => Uint8Array.fromHex(text)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  expect(verify(publicKey, message, signature)).toBe(valid)
  expect(verdictsOf(publicKey, message, signature)).toEqual(valid ? ALL_VALID : ALL_INVALID)
})
