// All kinds of faults, by the name that reports and traces use.

import type { Fault } from './fault.ts'
import { delay, disconnect, duplication, loss, partition, reordering, silence, slowLink } from './links.ts'
import { bitFlip, clockDrift, clockStep, failedSync, slowDisk } from './machines.ts'
import { membership } from './membership.ts'
import { crash, crashAll, crashLeader, crashTalker, pause } from './processes.ts'

export const FAULTS = {
  loss,
  delay,
  duplication,
  reordering,
  partition,
  silence,
  disconnect,
  slowLink,
  crash,
  crashLeader,
  crashAll,
  crashTalker,
  pause,
  slowDisk,
  failedSync,
  bitFlip,
  clockDrift,
  clockStep,
  membership,
} as const satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS
