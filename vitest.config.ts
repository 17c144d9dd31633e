import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const isSmall = (process.env['TIERCEL_TEST_SIZE'] ?? 'small') === 'small'

/** One project per workspace; each has its own configuration. */
export default defineConfig({
  test: {
    projects: ['packages/*/vitest{,.alone}.config.ts', 'apps/*/vitest.config.ts'],
    // Tests mostly wait for servers and child processes, so there is one more than there are cores; the sizes of CI offer loads that fill a core each.
    maxWorkers: Math.min(4, isSmall ? availableParallelism() + 1 : Math.max(2, availableParallelism() - 1)),
  },
})
