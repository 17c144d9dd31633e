import { UsageError } from '../kernel/errors.ts'
import type { Client } from './client.ts'
import type { Connection } from './connection-options.ts'
import { keepChecking } from './health-check.ts'
import { IoredisLink } from './ioredis-link.ts'
import { watchSetUp } from './ioredis-set-up.ts'
import type { Ioredis } from './ioredis-shape.ts'
import { cutOff } from './ioredis-side-link.ts'
import type { Link } from './link.ts'
import { LinkNews } from './link-news.ts'
import { LinkedClient } from './linked-client.ts'
import { NodeRedisLink, nodeRedisName } from './node-redis-link.ts'
import type { NodeRedis } from './node-redis-shape.ts'
import { destroyNodeRedis } from './node-redis-side-link.ts'
import { oneNode } from './nodes.ts'

const firstDelayMs = 50
const longestDelayMs = 2000
const gentleEndMs = 500

/** How long to wait before the next attempt to connect: grows, bounded, and jittered by half so that a fleet does not come back at once. */
export function reconnectDelayMs(attempt: number): number {
  const delayMs = Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(attempt, 10))
  return Math.round(delayMs * (0.5 + Math.random() / 2))
}

/** A client of `@redis/client` or `redis` that is ours: nothing is queued in it, and `close` ends it. */
export function ownNodeRedis(module: unknown, connection: Connection): Client {
  const { createClient } = membersOf(module) as { createClient?: (options: object) => NodeRedis }
  if (createClient === undefined) throw unusable('@redis/client or redis', 'createClient')
  const live = createClient(nodeRedisOptions(connection))
  const news = new LinkNews()
  const link = new NodeRedisLink(live, { news, lastError: listenToErrors(live) })
  const connect = (): void => void live.connect().catch(() => {})
  const stopChecking = check(link, connection, () => {
    destroyNodeRedis(live)
    connect()
  })
  connect()
  return new LinkedClient(nodeRedisName, oneNode(link, news), () => {
    stopChecking()
    return end(
      () => live.close(),
      () => destroyNodeRedis(live),
    )
  })
}

/** A client of ioredis or iovalkey that is ours: nothing is queued in it nor sent again, and `close` ends it. */
export function ownIoredis(name: 'ioredis' | 'iovalkey', module: unknown, connection: Connection): Client {
  const { Redis } = membersOf(module) as { Redis?: new (options: object) => Ioredis & { quit(): Promise<unknown> } }
  if (Redis === undefined) throw unusable(name, 'Redis')
  const live = new Redis({
    ...ioredisOptions(connection),
    retryStrategy: (attempt: number) => reconnectDelayMs(Math.max(attempt, setUp.refusals())),
  })
  const setUp = watchSetUp(live)
  const lastError = listenToErrors(live)
  const news = new LinkNews()
  const link = new IoredisLink(name, live, { news, lastError: () => setUp.refusal() ?? lastError(), isSetUp: () => !setUp.isRefused() })
  const stopChecking = check(link, connection, () => live.stream?.destroy())
  live.connect().catch(() => {})
  return new LinkedClient(name, oneNode(link, news), () => {
    stopChecking()
    return end(
      () => live.quit(),
      () => cutOff(live),
    )
  })
}

function nodeRedisOptions({ host, port, db, clientName, keepAliveMs, connectTimeoutMs, tls, ...user }: Connection): object {
  return {
    ...credentialsOf(user),
    database: db,
    name: clientName,
    disableOfflineQueue: true,
    socket: {
      host,
      port,
      connectTimeout: connectTimeoutMs,
      keepAlive: keepAliveMs !== undefined,
      ...(keepAliveMs !== undefined && { keepAliveInitialDelay: keepAliveMs }),
      ...(tls && { tls: true, ...tls }),
      reconnectStrategy: reconnectDelayMs,
    },
  }
}

function ioredisOptions({ host, port, db, clientName, keepAliveMs, connectTimeoutMs, tls, ...user }: Connection): object {
  return {
    host,
    port,
    ...credentialsOf(user),
    db,
    connectionName: clientName,
    // Anything but a number turns it off.
    keepAlive: keepAliveMs ?? false,
    connectTimeout: connectTimeoutMs,
    ...(tls && { tls }),
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
  }
}

function credentialsOf({ username, password }: Pick<Connection, 'username' | 'password'>): object {
  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }) }
}

function check(link: Link, { healthCheckMs }: Connection, renew: () => void): () => void {
  if (healthCheckMs === undefined) return () => undefined
  const ping = (): Promise<unknown> => link.send(['PING'])
  return keepChecking({ ping, renew, isReady: () => link.isReady }, healthCheckMs)
}

/** Without a listener an error would end the process. The last one is told in our own errors until there is a link. */
function listenToErrors(live: NodeRedis | Ioredis): () => unknown {
  let last: unknown
  live.on('error', (error: unknown) => {
    last = error
  })
  live.on('ready', () => {
    last = undefined
  })
  return () => last
}

/** Lets what is in flight finish, for a moment. */
async function end(gently: () => Promise<unknown>, atOnce: () => void): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const moment = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, gentleEndMs)
  })
  await Promise.race([gently().catch(() => {}), moment])
  clearTimeout(timer)
  atOnce()
}

function membersOf(module: unknown): object {
  const { default: inner } = module as { default?: object }
  return { ...inner, ...(module as object) }
}

function unusable(name: string, member: string): UsageError {
  return new UsageError(
    'TIERCEL_CLIENT_UNKNOWN',
    `The installed package ${name} exports no ${member}. Allowed: @redis/client or redis 5 or 6, ioredis 5 or 6, iovalkey.`,
  )
}
