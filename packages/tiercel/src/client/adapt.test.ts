import { createClient, createClientPool, createCluster, createSentinel } from '@redis/client'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { Redis as Valkey } from 'iovalkey'
import { describe, expect, it } from 'vitest'
import { adaptClient } from './adapt.ts'

const lazy = { lazyConnect: true }

describe('adaptClient', () => {
  it('tells the clients apart by their members', () => {
    expect(adaptClient(createClient())).toMatchObject({ name: 'node-redis', topology: 'standalone' })
    expect(adaptClient(createCluster({ rootNodes: [{ url: 'redis://127.0.0.1:1' }] }))).toMatchObject({
      name: 'node-redis',
      topology: 'cluster',
    })
    expect(adaptClient(new Redis(lazy))).toMatchObject({ name: 'ioredis', topology: 'standalone' })
    expect(adaptClient(new Redis5(lazy))).toMatchObject({ name: 'ioredis', topology: 'standalone' })
    expect(adaptClient(new Valkey(lazy))).toMatchObject({ name: 'iovalkey', topology: 'standalone' })
    const cluster = new Redis.Cluster([{ host: '127.0.0.1', port: 1 }], lazy)
    expect(adaptClient(cluster)).toMatchObject({ name: 'ioredis', topology: 'cluster' })
  })

  it('lets a Client through', () => {
    const client = adaptClient(new Redis(lazy))
    expect(adaptClient(client)).toBe(client)
  })

  it.each([
    undefined,
    null,
    5,
    'redis://user:s3cret@host',
    new URL('redis://user:s3cret@host'),
    {},
    [],
    () => {},
    new Map(),
    Object.create(null),
  ])('refuses %s', (given) => {
    const refuse = () => adaptClient(given)
    expect(refuse).toThrow(expect.objectContaining({ code: 'TIERCEL_CLIENT_UNKNOWN', message: expect.stringContaining('Allowed: ') }))
    expect(refuse).not.toThrow('s3cret')
  })

  it('refuses kinds that it knows but has no adapter for', () => {
    const kinds = {
      pool: createClientPool(),
      Sentinel: createSentinel({ name: 'main', sentinelRootNodes: [{ host: '127.0.0.1', port: 1 }] }),
      'cluster client of GLIDE': { customCommand: () => {}, exec: () => {}, fcallWithRoute: () => {} },
      'before version 5': { isOpen: true, sendCommand: () => {}, duplicate: () => {} },
    }
    for (const [kind, live] of Object.entries(kinds)) {
      expect(() => adaptClient(live)).toThrow(
        expect.objectContaining({ code: 'TIERCEL_UNSUPPORTED', message: expect.stringContaining(kind) }),
      )
    }
  })

  it('refuses options that change what every command returns', () => {
    for (const options of [{ stringNumbers: true }, { replyMapping: 'resp3' as const }]) {
      expect(() => adaptClient(new Redis({ ...lazy, ...options }))).toThrow(expect.objectContaining({ code: 'TIERCEL_UNSUPPORTED' }))
    }
  })

  it('refuses options of GLIDE that change where replies come from, or what they are', () => {
    const glide = (config: object) => ({ isClosed: false, customCommand: () => {}, exec: () => {}, config })
    expect(adaptClient(glide({ readFrom: 'primary' }))).toMatchObject({ name: 'glide', topology: 'standalone' })
    for (const config of [{ readFrom: 'preferReplica' }, { readOnly: true }, { clientSideCache: {} }, { compression: {} }]) {
      const [name] = Object.keys(config)
      expect(() => adaptClient(glide(config))).toThrow(
        expect.objectContaining({ code: 'TIERCEL_UNSUPPORTED', message: expect.stringContaining(`option ${name}`) }),
      )
    }
    const options = { readFromReplicas: {} }
    expect(() => adaptClient(glide({}), options)).toThrow(expect.objectContaining({ code: 'TIERCEL_UNSUPPORTED' }))
    expect(() => adaptClient({ ...glide({}), isClosed: true })).toThrow(expect.objectContaining({ code: 'TIERCEL_CLOSED' }))
  })

  it('refuses a client that was closed', async () => {
    const live = new Redis({ ...lazy, retryStrategy: () => null })
    live.disconnect()
    expect(() => adaptClient(live)).toThrow(expect.objectContaining({ code: 'TIERCEL_CLOSED' }))
  })
})
