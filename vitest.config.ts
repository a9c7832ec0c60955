import { defineConfig } from 'vitest/config'

/** Whole consortia of processes: two at a time, when nothing else needs the machine. */
const consortia = ['test/e2e/**/*.test.ts', 'test/compliance/health-data.test.ts']
/** Those that take a minute or more each, for days of bad luck: `npm run test:long`. What they show, parts show in memory, too. */
const long = ['chaos', 'erasure', 'members', 'recovery', 'standstill', 'transport-keys'].map(
  (name) => `test/e2e/${name}.test.ts`,
)

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    projects: [
      {
        extends: true,
        test: {
          name: 'parts',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: consortia,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: 'consortia', include: consortia, exclude: long, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
      {
        extends: true,
        test: { name: 'long', include: long, maxWorkers: 2, sequence: { groupOrder: 2 } },
      },
    ],
  },
})
