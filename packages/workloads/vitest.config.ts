import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { name: 'workloads', root: import.meta.dirname, include: ['src/**/*.test.ts'] } })
