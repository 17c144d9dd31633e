import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    name: 'lab',
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    exclude: ['dist/**', 'node_modules/**'],
    // Databases are filled, pages are opened, runs are measured.
    testTimeout: 90_000,
    hookTimeout: 180_000,
  },
})
