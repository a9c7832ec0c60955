// What the platform lends to src/crypto. package.json maps `#crypto-backend` to backend-node.ts (OpenSSL and libsodium)
// under Node and to backend-noble.ts elsewhere, so nothing that a browser loads imports node:crypto or a native module.
// Backends do arithmetic only; every rule about what is valid stands in the files that call them.

export interface ScryptCost {
  /** CPU and memory cost N, a power of two. Memory is 128 * N * r bytes. */
  readonly cost: number
  /** r */
  readonly blockSize: number
  /** p */
  readonly parallelism: number
}

export interface CryptoBackend {
  readonly name: 'node' | 'noble'
  sha256(bytes: Uint8Array): Uint8Array
  /** The same digest as 64 lowercase hex characters; under Node twice as fast as the bytes. */
  sha256Hex(bytes: Uint8Array): string
  /** The 32-byte public key of a 32-byte seed. */
  ed25519PublicKey(seed: Uint8Array): Uint8Array
  /** RFC 8032 signature by `secretKey` = seed || public key, 64 bytes. */
  ed25519Sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array
  /**
   * The cofactorless equation alone: does [S]B - [k]A encode to exactly the bytes of R? Called only with a key and a
   * signature that passed `isAdmissible` in ed25519.ts. False when A is not a point of the curve.
   */
  ed25519Equation(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean
  /** RFC 7914; 32 bytes. */
  scrypt(passphrase: Uint8Array, salt: Uint8Array, cost: ScryptCost): Uint8Array
}
