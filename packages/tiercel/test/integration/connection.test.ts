import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ask, freePort, type ServerName, serverNames, startStandalone } from '@tiercel/test-servers'
import { afterEach, describe, expect, test } from 'vitest'
import type { Client } from '../../src/client/client.ts'
import { connectUrl } from '../../src/client/connect.ts'
import type { ConnectionOptions } from '../../src/client/connection-options.ts'
import { createCache, valkeyStore } from '../../src/index.ts'
import { everythingIn } from '../../src/testing/conformance/client-context.ts'
import { onlyAs } from '../conformance/client-live.ts'
import { standalonePackages as livePackages } from '../conformance/live-clients.ts'
import { serversAtLength } from '../test-size.ts'
import { createAuthority } from './certificates.ts'
import { endsAt, openProxy, openServer } from './ends.ts'

const ends = endsAt(afterEach)
const password = 'p@ss w%rd/s3cret'

/** Those that serve a URL, each as if no other were installed. */
const connectPackages = [
  { name: 'node-redis', load: onlyAs('@redis/client', () => import('@redis/client')) },
  { name: 'ioredis 6', load: onlyAs('ioredis', () => import('ioredis')) },
  { name: 'ioredis 5', load: onlyAs('ioredis', () => import('ioredis5')) },
  { name: 'iovalkey', load: onlyAs('iovalkey', () => import('iovalkey')) },
]

describe.each(connectPackages)('a URL, by $name', ({ load }) => {
  async function connect(url: string, connection: ConnectionOptions = {}): Promise<Client> {
    const client = await connectUrl(url, { connection, load })
    ends.push(() => client.close())
    return client
  }

  /** What it says once it has tried, and has been looked at for a while. */
  async function whyNot(client: Client): Promise<Error> {
    const startedAtMs = performance.now()
    for (;;) {
      const error = await client.ready(AbortSignal.timeout(50)).then(
        () => new Error('it is ready'),
        (reason: Error) => reason,
      )
      const passedMs = performance.now() - startedAtMs
      if (error.message === 'it is ready' || passedMs > 10_000 || (passedMs > 300 && error.message.includes('last error'))) return error
    }
  }

  async function answers(client: Client): Promise<void> {
    await client.ready(AbortSignal.timeout(10_000))
    expect(String(await client.send({ words: ['PING'] }))).toBe('PONG')
  }

  async function infoOf(client: Client): Promise<Record<string, string>> {
    await client.ready(AbortSignal.timeout(10_000))
    const info = String(await client.send({ words: ['CLIENT', 'INFO'] }))
    return Object.fromEntries(info.split(' ').map((field) => field.split(/=(.*)/s).slice(0, 2)))
  }

  test('logs in with the password of the server, and says that it cannot without showing it', async () => {
    const { server, admin } = await openServer('valkey-9.1', ends)
    await admin.config('SET', 'requirepass', password)
    const bare = server.url
    await answers(await connect(bare, { password }))
    await answers(await connect(bare.replace('://', `://:${encodeURIComponent(password)}@`)))
    for (const wrong of ['', 'wr0ng-s3cret']) {
      const error = await whyNot(await connect(bare, wrong === '' ? {} : { password: wrong }))
      expect(error).toMatchObject({ code: 'TIERCEL_STORE_UNAVAILABLE', message: expect.stringMatching(/WRONGPASS|NOAUTH/) })
      expect(everythingIn(error)).not.toMatch(/s3cret/)
    }
  })

  test('logs in as a user of the server, and works on its database under its name', async () => {
    const { server, admin } = await openServer('valkey-9.1', ends)
    await admin.call('ACL', 'SETUSER', 'shop', 'on', `>${password}`, '~*', '&*', '+@all')
    const ours = await infoOf(await connect(server.url, { username: 'shop', password, db: 3, clientName: 'shop-7' }))
    expect(ours).toMatchObject({ user: 'shop', db: '3', name: 'shop-7' })
    expect(await infoOf(await connect(server.url))).toMatchObject({ user: 'default', db: '0', name: `tiercel-${process.pid}` })
    const inUrl = server.url.replace('://', `://shop:${encodeURIComponent(password)}@`)
    expect(await infoOf(await connect(`${inUrl}/5`))).toMatchObject({ user: 'shop', db: '5' })
    const unknown = await whyNot(await connect(server.url, { username: 'nobody', password }))
    expect(unknown.message).toContain('WRONGPASS')
    expect(everythingIn(unknown)).not.toContain('s3cret')
    expect((await whyNot(await connect(server.url, { db: 99 }))).message).toMatch(/out of range/)
  })

  test('keeps its links under one name, also those that it opens to be told of changes', async () => {
    const { server, admin } = await openServer('valkey-9.1', ends)
    const client = await connect(server.url, { clientName: 'shop-8' })
    await answers(client)
    await client.subscribe(['news'], { onMessage: () => undefined })
    await client.track({ prefixes: ['p:'] }, { onInvalidate: () => undefined })
    const list = String(await admin.call('CLIENT', 'LIST'))
    expect(list.split('\n').filter((each) => each.includes(' name=shop-8 '))).toHaveLength(3)
  })

  test('gives up a connection on which nothing is answered any more, and makes another', async () => {
    const { server } = await openServer('valkey-9.1', ends)
    const proxy = await openProxy(server, ends)
    const client = await connect(proxy.url, { healthCheck: 100 })
    await answers(client)
    const first = (await infoOf(client))['id']
    // Neither end is told: without the check the connection would be there for as long as the system keeps it.
    proxy.impose({ flow: 'drop' }, { where: ({ number }) => number === 1 })
    await expect
      .poll(
        () =>
          infoOf(client).then(
            ({ id }) => id,
            () => first,
          ),
        { timeout: 10_000, interval: 20 },
      )
      .not.toBe(first)
  })

  test('is patient with a connection that is answered', async () => {
    const { server } = await openServer('valkey-9.1', ends)
    const client = await connect(server.url, { healthCheck: 20 })
    const { id } = await infoOf(client)
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect((await infoOf(client))['id']).toBe(id)
  })

  test('ends an attempt that takes too long', async () => {
    const { server } = await openServer('valkey-9.1', ends)
    const proxy = await openProxy(server, ends)
    // TLS that is never answered: the attempt hangs in its handshake.
    proxy.impose({ flow: 'hold' })
    const client = await connect(proxy.url.replace('redis:', 'rediss:'), { connectTimeout: 100 })
    const error = await whyNot(client)
    expect(error.message).toMatch(/ime ?out|ETIMEDOUT/i)
  })

  describe.each(serversAtLength(serverNames))('over TLS, to %s', (name) => {
    test('checks who has signed the certificate, and for which name', async () => {
      const authority = createAuthority()
      const { host, port } = await startTls(name, authority)
      const { ca } = authority
      await answers(await connect(`rediss://${host}:${port}`, { tls: { ca } }))
      await answers(await connect(`valkeys://localhost:${port}`, { tls: { ca: [Buffer.from(ca)] } }))
      const refused = async (url: string, connection: ConnectionOptions): Promise<string> =>
        (await whyNot(await connect(url, connection))).message
      expect(await refused(`rediss://${host}:${port}`, {})).toMatch(/self.signed|unable to (verify|get)/i)
      expect(await refused(`rediss://${host}:${port}`, { tls: { ca: createAuthority().ca } })).toMatch(
        /self.signed|signature|unable to (verify|get)/i,
      )
      const wrongName = { tls: { ca, servername: 'other.example.org' } }
      expect(await refused(`rediss://${host}:${port}`, wrongName)).toMatch(/Hostname\/IP does not match|ALTNAME/)
    })

    test('checks them also where the environment says not to', async () => {
      const before = process.env['NODE_TLS_REJECT_UNAUTHORIZED']
      process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
      try {
        const { host, port } = await startTls(name, createAuthority())
        const error = await whyNot(await connect(`rediss://${host}:${port}`))
        expect(error.message).toMatch(/self.signed|unable to (verify|get)/i)
      } finally {
        if (before === undefined) delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
        else process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = before
      }
    })

    test('shows a certificate of its own where the server asks for one, and hears of changes over TLS too', async () => {
      const authority = createAuthority()
      const { host, port } = await startTls(name, authority, { 'tls-auth-clients': 'yes' })
      const { ca } = authority
      const client = await connect(`rediss://${host}:${port}`, { tls: { ca, ...authority.issue('a client') } })
      await answers(client)
      const changed: string[] = []
      await client.track({ prefixes: ['p:'] }, { onInvalidate: (keys) => changed.push(...(keys ?? [])) })
      await client.send({ words: ['SET', 'p:1', 'x'], key: 'p:1' })
      await expect.poll(() => changed, { timeout: 10_000 }).toEqual(['p:1'])
      const anonymous = await connect(`rediss://${host}:${port}`, { tls: { ca } })
      expect((await whyNot(anonymous)).message).toContain('last error')
    })
  })
})

describe('a store by URL', () => {
  test('caches over TLS, as a user, in a database', async () => {
    const authority = createAuthority()
    const { host, port, admin } = await startTls('valkey-9.1', authority)
    await admin(['ACL', 'SETUSER', 'shop', 'on', '>s3cret', '~*', '&*', '+@all'])
    const connection = { db: 3, clientName: 'shop', tls: { ca: authority.ca } }
    const l2 = valkeyStore(`rediss://shop:s3cret@${host}:${port}`, { connection, timeout: '5s', connectTimeout: '10s' })
    const cache = createCache({ l2 })
    ends.push(() => cache.close())
    await cache.set('k', 1)
    expect(String(await admin(['INFO', 'keyspace']))).toContain('db3:keys=')
    await expect.poll(() => cache.health().status, { timeout: 10_000 }).toBe('ok')
  })

  test.each(livePackages)('takes no options for a link that is not its own: $name', async ({ standalone }) => {
    const { server } = await openServer('valkey-9.1', ends)
    const { live, end } = await standalone(server.url)
    ends.push(end)
    const make = () => valkeyStore(live, { connection: { db: 3 } })
    expect(make).toThrow(
      expect.objectContaining({ code: 'TIERCEL_UNSUPPORTED', message: expect.stringMatching(/createClient\(|new Redis\(/) }),
    )
  })

  test('refuses what is wrong before it connects', () => {
    expect(() => valkeyStore('redis://127.0.0.1:1', { connection: { db: 1.5 } })).toThrow(
      expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION' }),
    )
  })
})

interface TlsServer {
  readonly host: string
  readonly port: number
  admin(words: string[]): Promise<unknown>
}

async function startTls(
  server: ServerName,
  authority: ReturnType<typeof createAuthority>,
  config: Record<string, string> = {},
): Promise<TlsServer> {
  const folder = mkdtempSync(join(tmpdir(), 'tiercel-tls-'))
  ends.push(() => rmSync(folder, { recursive: true, force: true }))
  const { cert, key } = authority.issue('127.0.0.1', 'localhost')
  for (const [file, text] of Object.entries({ ca: authority.ca, cert, key })) writeFileSync(join(folder, file), text)
  const port = await freePort()
  const running = await startStandalone({
    server,
    config: {
      'tls-port': String(port),
      'tls-ca-cert-file': join(folder, 'ca'),
      'tls-cert-file': join(folder, 'cert'),
      'tls-key-file': join(folder, 'key'),
      'tls-auth-clients': 'no',
      ...config,
    },
  })
  ends.push(() => running.stop())
  return { host: running.host, port, admin: (words) => ask(running, words) }
}
