import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Program } from './fetch-server.ts'
import { askText } from './resp.ts'
import { lastLines } from './run-command.ts'
import { reasonOf, TestServerError } from './test-server-error.ts'
import { waitUntil } from './wait-until.ts'
import { guard } from './watchdog.ts'

export type Config = Readonly<Record<string, string>>

const host = '127.0.0.1'
const readyTimeoutMs = 20_000
const stopTimeoutMs = 3000

/** One server process with its port and its temporary folder, which both outlast a restart. */
export class ServerProcess {
  readonly host: string = host
  readonly port: number
  /** Words of AUTH when the config asks for a password. */
  readonly auth?: readonly [string]
  readonly #program: Program
  readonly #folder: string
  readonly #unguardFolder: () => void
  #child: ChildProcess | undefined
  #spawnError: Error | undefined
  #lastLog: string | undefined
  #removal: Promise<void> | undefined

  constructor(program: Program, port: number, config: Config, extraArgs: readonly string[] = []) {
    this.#folder = mkdtempSync(join(tmpdir(), 'tiercel-server-'))
    this.#unguardFolder = guard('folder', this.#folder)
    this.port = port
    const password = config['requirepass']
    if (password) this.auth = [password]
    this.#program = { command: program.command, args: [...program.args, join(this.#folder, 'server.conf'), ...extraArgs] }
    writeFileSync(join(this.#folder, 'server.conf'), configText({ bind: host, port: String(port), dir: this.#folder, ...config }))
  }

  get pid(): number {
    return this.#child?.pid ?? -1
  }

  get running(): boolean {
    return this.#child?.pid !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Starts the process and returns when it answers. */
  async start(): Promise<void> {
    if (this.#removal !== undefined) throw new Error('this server was stopped for good; one that is to come back is ended with kill()')
    const child = this.#spawn()
    // The process id is asked for because another server may have been quicker to take the port.
    const ready = new RegExp(`^process_id:${child.pid}\\r?$`, 'm')
    try {
      await waitUntil(`server on port ${this.port}`, readyTimeoutMs, async () => {
        if (!this.running) return true
        // Asked this much, a server answers while it still refuses everything else: it is loading its data.
        const info = await askText(this, ['INFO'])
        return ready.test(info) && !/^loading:1/m.test(info)
      })
    } catch (cause) {
      throw this.#notReady(cause)
    }
    if (!this.running) throw this.#notReady(this.#spawnError ?? new Error(`the process ended with ${child.exitCode ?? child.signalCode}`))
  }

  /** Ends the process and waits until it is gone. A server that does not heed SIGTERM, or is paused, is killed. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child
    if (child === undefined || !this.running) return
    const gone = once(child, 'exit')
    child.kill(signal)
    child.kill('SIGCONT')
    const impatience = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    await gone
    clearTimeout(impatience)
  }

  /** Ends the process and removes its folder. The log can still be read. */
  remove(): Promise<void> {
    return (this.#removal ??= this.#remove())
  }

  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal)
  }

  log(): string {
    return this.#lastLog ?? this.#readLog()
  }

  async #remove(): Promise<void> {
    await this.end()
    this.#lastLog = this.#readLog()
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
    this.#unguardFolder()
  }

  #spawn(): ChildProcess {
    const output = openSync(join(this.#folder, 'server.log'), 'a')
    const child = spawn(this.#program.command, this.#program.args, { stdio: ['ignore', output, output], cwd: this.#folder })
    closeSync(output)
    this.#child = child
    if (child.pid !== undefined) {
      const unguard = guard('pid', child.pid)
      child.once('exit', unguard)
    }
    child.on('error', (error) => (this.#spawnError = error))
    child.unref()
    return child
  }

  #readLog(): string {
    try {
      return readFileSync(join(this.#folder, 'server.log'), 'utf8')
    } catch {
      return ''
    }
  }

  #notReady(cause: unknown): TestServerError {
    const log = lastLines(this.log(), 15)
    return new TestServerError(
      'TIERCEL_TEST_SERVER_NOT_READY',
      `the server on port ${this.port} did not start: ${reasonOf(cause)}\n${log}`,
      { cause },
    )
  }
}

function configText(config: Config): string {
  return Object.entries(config)
    .map(([name, value]) => `${name} ${value === '' ? '""' : value}\n`)
    .join('')
}
