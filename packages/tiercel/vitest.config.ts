import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'tiercel',
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Servers start, packages are packed and consumers are type-checked inside tests, on machines with two busy cores.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
