// A process that runs seeds for a campaign: a seed comes in, its outcome goes out.

import type { WorkOrder } from './campaign.ts'
import { installHooks } from './hooks.ts'
import { PLANTS } from './plants/menu.ts'

const [plantName] = process.argv.slice(2)
installHooks(plantName === undefined ? null : (PLANTS.find(({ name }) => name === plantName) ?? null))
const { simulate } = await import('./simulate.ts')

process.on('message', ({ seed, aim }: WorkOrder) => {
  simulate({ seed, aim }).then(
    (outcome) => process.send?.(outcome),
    (error: unknown) => {
      process.stderr.write(`seed ${seed}: ${(error as Error).stack}\n`)
      process.exit(2)
    },
  )
})
// The campaign has ended, or died.
process.on('disconnect', () => process.exit())
