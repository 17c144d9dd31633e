import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, test } from 'vitest'

const program = fileURLToPath(new URL('../server/main.ts', import.meta.url))
const root = fileURLToPath(new URL('../../..', import.meta.url))

let child: ChildProcess | undefined
afterEach(() => {
  child?.kill('SIGKILL')
})

/** Starts the lab as `npm start` does, with a small airport. */
function start(environment: Record<string, string>) {
  const started = spawn(process.execPath, ['--import', 'tsx', program], {
    cwd: root,
    env: { ...process.env, AIRPORT_SCALE: '0.01', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child = started
  let output = ''
  const listeners = new Set<() => void>()
  for (const stream of [started.stdout, started.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk
      for (const listener of listeners) listener()
    })
  }
  const says = (text: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = text.exec(output)
        if (match !== null) resolve(match)
      }
      listeners.add(look)
      started.once('exit', () => reject(new Error(`ended without saying ${text}: ${output}`)))
      look()
    })
  return { child: started, says, ended: once(started, 'exit'), output: () => output }
}

describe('npm start', () => {
  test('says where it is at once, becomes ready, and ends cleanly with nothing left', async () => {
    const lab = start({ PORT: '0' })
    const [, address] = await lab.says(/the lab is at (http:\/\/127\.0\.0\.1:\d+)/)
    await lab.says(/^lab: ready$/m)
    const { facts } = (await (await fetch(`${address}/api/lab`)).json()) as { facts: { id: string; about?: string }[] }
    const valkeyPort = /:(\d+)$/.exec(facts.find(({ id }) => id === 'valkey')?.about ?? '')?.[1]
    const stream = await fetch(`${address}/api/live`)
    expect(stream.status).toBe(200)
    lab.child.kill('SIGTERM')
    const [code] = await lab.ended
    expect(code).toBe(0)
    await expect(fetch(`${address}/api/lab`)).rejects.toThrow()
    if (process.env['VALKEY_URL'] === undefined) await expect(fetch(`http://127.0.0.1:${valkeyPort}`)).rejects.toThrow()
  })

  test('can be ended before it is ready', async () => {
    const lab = start({ PORT: '0' })
    await lab.says(/the lab is at/)
    lab.child.kill('SIGINT')
    expect((await lab.ended)[0]).toBe(0)
  })

  test('a port that is taken is an error that says what to do', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    const { port } = taken.address() as { port: number }
    const lab = start({ PORT: String(port) })
    expect((await lab.ended)[0]).toBe(1)
    expect(lab.output()).toContain(`port ${port} is taken`)
    taken.close()
  })

  test('a port that is none is an error', async () => {
    const lab = start({ PORT: 'eighty' })
    expect((await lab.ended)[0]).toBe(1)
    expect(lab.output()).toContain('PORT: got "eighty", allowed is a whole number from 0 to 65535.')
  })
})
