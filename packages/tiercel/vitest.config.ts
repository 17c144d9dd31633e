import { defineConfig } from 'vitest/config'

/** They measure how late processes are: on the sizes of CI nothing else runs beside them (`vitest.alone.config.ts`). */
export const alone: string[] =
  (process.env['TIERCEL_TEST_SIZE'] ?? 'small') === 'small'
    ? []
    : [
        'test/coherence/*.test.ts',
        'test/integration/flush-and-fill.test.ts',
        'test/resilience/{outage,server-hangs,server-killed,soak}.test.ts',
        'test/write-behind/killed.test.ts',
      ]

/** Servers start, packages are packed and consumers are type-checked inside tests, on machines with two busy cores. */
export const patience = { testTimeout: 60_000, hookTimeout: 60_000 } as const

export default defineConfig({
  test: {
    name: 'tiercel',
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['**/node_modules/**', ...alone],
    ...patience,
  },
})
