// Bounds of consensus, with their reasons. None of them decides whether a block is valid.

import { BLOCK_BYTES_MAX } from '../types/limits.ts'

/** Transaction bytes of the blocks in one append; with headers and certificates it stays below the stream's 8 MiB frame. */
export const APPEND_BYTES_MAX = 6 * 1024 * 1024
/** Blocks in one append. */
export const APPEND_BLOCKS_MAX = 64
/** LeaderCerts in one append: one for every term that its blocks open, and the current one. */
export const APPEND_LEADER_CERTS_MAX = APPEND_BLOCKS_MAX + 1
/** Acks in one reply: one for every block between a certificate and the tip. */
export const ACKS_MAX = 1_024
/** Headers in a vote request, and blocks that a node keeps above its certified head: k, and one for every term since. */
export const UNCERTIFIED_BLOCKS_MAX = 1_024
/** Transaction bytes of all blocks that a node keeps: leaders that lie in turn cannot fill its memory. */
export const UNCERTIFIED_BYTES_MAX = 96 * 1024 * 1024
/** Stride of a node that joins a higher term on somebody's mere word: nobody can use up the terms. */
export const TERM_RAISE_MAX = 1_000
/** Certified blocks kept in memory for followers that are a little behind; further back they use block sync. */
export const RECENT_BLOCKS_MAX = 64
/** Transaction bytes of those. */
export const RECENT_BYTES_MAX = 16 * 1024 * 1024
/** The most that a leader may be told to have in flight: blocks, and their bytes. */
export const IN_FLIGHT_BLOCKS_MAX = 64
export const IN_FLIGHT_BYTES_MAX = 32 * 1024 * 1024
/**
 * Uncertified blocks on one branch, opening blocks not counted: what a leader has in flight, behind what a follower that
 * catches up is sent. Far below UNCERTIFIED_BLOCKS_MAX: after a leader that certifies nothing every later term still has
 * room to open, and with it to certify all that is below.
 */
export const BRANCH_BLOCKS_MAX = RECENT_BLOCKS_MAX + IN_FLIGHT_BLOCKS_MAX
/** Their bytes. A later certificate may be the only one for all of them, and block sync has to carry that in one run. */
export const BRANCH_BYTES_MAX = RECENT_BYTES_MAX + IN_FLIGHT_BYTES_MAX + BLOCK_BYTES_MAX
/** Verified LeaderCerts in memory before those that nothing names are forgotten: q votes can be written in many ways. */
export const LEADER_CERTS_MAX = UNCERTIFIED_BLOCKS_MAX + RECENT_BLOCKS_MAX + APPEND_LEADER_CERTS_MAX
/** Blocks of one run of block sync: all that one certificate may be the only one for, opening blocks of terms in vain included. */
export const SYNC_RUN_BLOCKS_MAX = UNCERTIFIED_BLOCKS_MAX

/** Linearizable reads that wait in one core; a node lets reads of many clients share one. */
export const READS_PENDING_MAX = 64

/** Times of the protocol, in milliseconds, and the leader's window. Wide-area links need longer ones. */
export interface Timing {
  readonly heartbeatMs: number
  /** A follower that hears nothing for this long, plus a random part, campaigns. */
  readonly electionTimeoutMinMs: number
  readonly electionTimeoutMaxMs: number
  /** The same after the leader's connection closed or a vote was split: only there to keep candidates apart. */
  readonly earlyCampaignMaxMs: number
  /** How far a block's time may lie from an acking follower's clock. */
  readonly clockDriftMaxMs: number
  /** k: blocks of the leader that may wait for their certificate, opening blocks not counted, and their bytes. */
  readonly uncertifiedBlocksMax: number
  readonly uncertifiedBytesMax: number
}

export const DEFAULT_TIMING: Timing = {
  heartbeatMs: 150,
  electionTimeoutMinMs: 1_000,
  electionTimeoutMaxMs: 2_000,
  earlyCampaignMaxMs: 200,
  clockDriftMaxMs: 5_000,
  uncertifiedBlocksMax: 8,
  uncertifiedBytesMax: 8 * 1024 * 1024,
}
