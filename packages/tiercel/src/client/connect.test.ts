import { describe, expect, it } from 'vitest'
import { connectUrl } from './connect.ts'

const missing = (specifier: string): Error =>
  Object.assign(new Error(`Cannot find package '${specifier}' imported from somewhere`), { code: 'ERR_MODULE_NOT_FOUND' })

describe('connectUrl', () => {
  it('looks for the packages in order and says what to install', async () => {
    const asked: string[] = []
    const load = (specifier: string): Promise<unknown> => {
      asked.push(specifier)
      return Promise.reject(missing(specifier))
    }
    await expect(connectUrl('valkey://127.0.0.1:1', { load })).rejects.toMatchObject({
      code: 'TIERCEL_CLIENT_MISSING',
      message: expect.stringContaining('npm install @redis/client'),
    })
    expect(asked).toEqual(['@redis/client', 'redis', 'iovalkey', 'ioredis'])
  })

  it('does not take a broken package for a missing one', async () => {
    const load = () => Promise.reject(missing('some-dependency'))
    await expect(connectUrl('redis://127.0.0.1:1', { load })).rejects.toThrow('some-dependency')
  })

  it('refuses a package that exports something else', async () => {
    await expect(connectUrl('redis://127.0.0.1:1', { load: async () => ({}) })).rejects.toMatchObject({ code: 'TIERCEL_CLIENT_UNKNOWN' })
  })

  it('refuses a wrong URL and unknown options before it loads anything', async () => {
    const load = () => Promise.reject(new Error('loaded'))
    await expect(connectUrl('http://127.0.0.1', { load })).rejects.toMatchObject({ code: 'TIERCEL_INVALID_OPTION' })
    await expect(connectUrl('redis://127.0.0.1', { loadd: load } as object)).rejects.toMatchObject({ code: 'TIERCEL_UNKNOWN_OPTION' })
  })

  it('says why there is no link, without what is secret, and ends', async () => {
    const client = await connectUrl('redis://user:s3cret@127.0.0.1:1')
    const failure = await client.ready(AbortSignal.timeout(150)).catch((error: Error) => error.message)
    expect(failure).toMatch(/connecting .*last error: .*ECONNREFUSED/)
    expect(failure).not.toContain('s3cret')
    await client.close()
    await client.close()
  })
})
