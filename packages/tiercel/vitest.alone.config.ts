import { defineConfig } from 'vitest/config'
import { alone } from './vitest.config.ts'

/** One file at a time, after all others. */
export default defineConfig({
  test: {
    name: 'tiercel alone',
    include: alone,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
    sequence: { groupOrder: 1 },
  },
})
