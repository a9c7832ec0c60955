import { defineConfig } from 'vitest/config'

/** Whole consortia of processes: two at a time, when nothing else needs the machine. They mostly wait. */
const consortia = ['test/e2e/**/*.test.ts', 'test/compliance/health-data.test.ts']

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
        test: { name: 'consortia', include: consortia, maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
