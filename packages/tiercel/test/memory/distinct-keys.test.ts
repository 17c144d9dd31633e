import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { testSize } from '../test-size.ts'

const keys = testSize({ small: 50_000, ci: 1_000_000, release: 10_000_000 })

test.each(['L1 alone', 'L1 and L2'])(
  `${keys} keys through %s leave nothing behind: no flight, no read, no deadline`,
  { timeout: 1_800_000 },
  async (kind) => {
    const worker = fileURLToPath(new URL('./distinct-keys.worker.ts', import.meta.url))
    const child = fork(worker, [kind, String(keys)], { execArgv: ['--expose-gc', '--import', 'tsx'] })
    const growth = await new Promise<number>((resolve, reject) => {
      let told: number | undefined
      child.once('message', (bytes) => (told = Number(bytes)))
      child.once('exit', (code) => {
        if (code === 0 && told !== undefined) resolve(told)
        else reject(new Error(`ended with ${code}, ${told === undefined ? 'before' : 'after'} it had told anything`))
      })
    })
    // What one key left behind would take some 50 bytes at least.
    expect(growth).toBeLessThan(keys * 10)
  },
)
