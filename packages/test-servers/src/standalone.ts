import { type FindServerOptions, type FoundServer, findServer } from './find-server.ts'
import { freePort } from './free-port.ts'
import { askText } from './resp.ts'
import type { ServerKind, ServerName } from './server-catalogue.ts'
import { type Config, ServerProcess } from './server-process.ts'
import { orStop } from './start-together.ts'

/** A running server that this process started. */
export type RunningServer = {
  readonly url: string
  readonly host: string
  readonly port: number
  /** Changes with a restart. */
  readonly pid: number
  /** The name it was asked for or stands for; `undefined` for another version that was found on PATH. */
  readonly server: ServerName | undefined
  readonly kind: ServerKind
  /** Such as `9.1.2`, as the running server says it. */
  readonly version: string
  /** All the server has written so far. */
  log(): string
  /** Ends the server and removes all it left. Calling it again does nothing. */
  stop(): Promise<void>
  /** Ends the server and waits until it is gone, by SIGKILL unless told otherwise. `restart` brings it back. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Freezes the server: its connections stay open and nothing is answered. */
  pause(): void
  resume(): void
  /** Ends the server if it runs and starts it again on its port, empty unless its config makes it keep data. */
  restart(): Promise<void>
}

export type StartOptions = FindServerOptions & {
  /** Default: any Valkey or Redis that is at hand. */
  server?: ServerName
  /** Lines of the configuration file, values as they are written there: `{ maxmemory: '10mb' }`. */
  config?: Config
  /** Default: a free one. */
  port?: number
}

/**
 * Starts one server on 127.0.0.1 that keeps nothing on disk, and returns when it answers.
 *
 * @throws TestServerError TIERCEL_TEST_SERVER_UNAVAILABLE, TIERCEL_TEST_SERVER_NOT_READY with the end of the server's log
 */
export async function startStandalone(options: StartOptions = {}): Promise<RunningServer> {
  return startNode(await findServer(options.server, options), options)
}

/** Starts a server of a program that was found before: topologies look for it once. */
export async function startNode(found: FoundServer, options: Pick<StartOptions, 'config' | 'port'> = {}): Promise<RunningServer> {
  return startProcess(found, options.port, (port) => new ServerProcess(found.program, port, { ...quickConfig, ...options.config }))
}

/** For throw-away servers: nothing on disk, no waiting before a replica is served, DEBUG allowed for tests that need it. */
export const quickConfig: Config = {
  save: '',
  appendonly: 'no',
  'protected-mode': 'no',
  'repl-diskless-sync-delay': '0',
  'shutdown-timeout': '0',
  'enable-debug-command': 'yes',
}

/** Starts what `create` makes and describes it. A new one is made, for another port, when the port is lost before the server takes it. */
export async function startProcess(found: FoundServer, port: number | undefined, create: CreateProcess): Promise<RunningServer> {
  const process = await startOnAPort(port, create)
  return orStop([{ stop: () => process.remove() }], async () => {
    const version = versionIn(await askText(process, ['INFO', 'server'])) ?? found.version
    return describe(process, found, version)
  })
}

type CreateProcess = (port: number) => ServerProcess | Promise<ServerProcess>

async function startOnAPort(port: number | undefined, create: CreateProcess): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt++) {
    const process = await create(port ?? (await freePort()))
    try {
      await process.start()
      return process
    } catch (error) {
      await process.remove()
      const portTaken = /Address already in use/i.test(process.log())
      if (port !== undefined || !portTaken || attempt === 5) throw error
    }
  }
}

/** The version in the reply to `INFO server`. Valkey also tells a Redis version, which is not its own. */
export function versionIn(info: string): string | undefined {
  return /^valkey_version:(\S+)/m.exec(info)?.[1] ?? /^redis_version:(\S+)/m.exec(info)?.[1]
}

function describe(process: ServerProcess, found: FoundServer, version: string): RunningServer {
  return {
    url: `redis://${process.auth === undefined ? '' : `:${encodeURIComponent(process.auth[0])}@`}${process.host}:${process.port}`,
    host: process.host,
    port: process.port,
    get pid() {
      return process.pid
    },
    server: found.name,
    kind: found.kind,
    version,
    log: () => process.log(),
    stop: () => process.remove(),
    kill: (signal = 'SIGKILL') => process.end(signal),
    pause: () => process.signal('SIGSTOP'),
    resume: () => process.signal('SIGCONT'),
    async restart() {
      await process.end()
      await process.start()
    },
  }
}
