import { UsageError } from '../kernel/errors.ts'
import type { Client } from './client.ts'
import { IoredisLink } from './ioredis-link.ts'
import type { Ioredis } from './ioredis-shape.ts'
import { cutOff } from './ioredis-side-link.ts'
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
export function ownNodeRedis(module: unknown, url: string): Client {
  const { createClient } = membersOf(module) as { createClient?: (options: object) => NodeRedis }
  if (createClient === undefined) throw unusable('@redis/client or redis', 'createClient')
  const live = createClient({ url, disableOfflineQueue: true, socket: { reconnectStrategy: reconnectDelayMs } })
  const news = new LinkNews()
  const link = new NodeRedisLink(live, { news, lastError: listenToErrors(live) })
  live.connect().catch(() => {})
  return new LinkedClient(nodeRedisName, oneNode(link, news), () =>
    end(
      () => live.close(),
      () => destroyNodeRedis(live),
    ),
  )
}

/** A client of ioredis or iovalkey that is ours: nothing is queued in it nor sent again, and `close` ends it. */
export function ownIoredis(name: 'ioredis' | 'iovalkey', module: unknown, url: string): Client {
  const { Redis } = membersOf(module) as { Redis?: new (url: string, options: object) => Ioredis & { quit(): Promise<unknown> } }
  if (Redis === undefined) throw unusable(name, 'Redis')
  const live = new Redis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: reconnectDelayMs,
  })
  const news = new LinkNews()
  const link = new IoredisLink(name, live, { news, lastError: listenToErrors(live) })
  live.connect().catch(() => {})
  return new LinkedClient(name, oneNode(link, news), () =>
    end(
      () => live.quit(),
      () => cutOff(live),
    ),
  )
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
