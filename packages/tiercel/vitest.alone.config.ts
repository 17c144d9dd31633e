import { defineConfig } from 'vitest/config'
import { alone, patience } from './vitest.config.ts'

/** One file at a time, after all others. */
export default defineConfig({
  test: {
    name: 'tiercel alone',
    include: alone,
    ...patience,
    maxWorkers: 1,
    sequence: { groupOrder: 1 },
  },
})
