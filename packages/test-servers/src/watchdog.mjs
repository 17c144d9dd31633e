// Runs as a process of its own and reads what to guard from its standard input: `+pid N`, `-pid N`, `+folder PATH`, `-folder PATH`.
// The pipe closes when the process at its other end is gone, however it went. What is still guarded then is removed.
import { rmSync } from 'node:fs'
import { createInterface } from 'node:readline'

const guarded = { pid: new Set(), folder: new Set() }

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined)

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [, sign, kind, value] = /^([+-])(pid|folder) (.+)$/.exec(line) ?? []
    if (kind === undefined) return
    if (sign === '+') guarded[kind].add(value)
    else guarded[kind].delete(value)
  })
  .on('close', () => {
    for (const pid of guarded.pid) kill(Number(pid))
    for (const folder of guarded.folder) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 })
    process.exit()
  })

function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}
