import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** One project per workspace; each has its own configuration. */
export default defineConfig({
  test: {
    projects: ['packages/*/vitest{,.alone}.config.ts', 'apps/*/vitest.config.ts'],
    // Tests mostly wait for servers and child processes: two cores are worth two workers.
    maxWorkers: Math.min(4, Math.max(2, availableParallelism() - 1)),
  },
})
