import { describe, expect, it } from 'vitest'
import { type ConnectionOptions, checkConnection } from './connection-options.ts'

const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'

describe('checkConnection', () => {
  it('reads a URL and fills in the rest', () => {
    expect(checkConnection('redis://127.0.0.1')).toEqual({
      host: '127.0.0.1',
      port: 6379,
      isTls: false,
      username: undefined,
      password: undefined,
      db: 0,
      clientName: `tiercel-${process.pid}`,
      keepAliveMs: 30_000,
      connectTimeoutMs: 5_000,
      healthCheckMs: 30_000,
      tls: undefined,
    })
    expect(checkConnection('valkeys://me:p%40ss@[::1]:7000/3')).toMatchObject({
      host: '::1',
      port: 7000,
      username: 'me',
      password: 'p@ss',
      db: 3,
    })
  })

  it('takes what the URL does not say', () => {
    const options: ConnectionOptions = {
      username: 'me',
      password: 's3cret',
      db: 3,
      clientName: 'shop',
      keepAlive: false,
      connectTimeout: '1s',
      healthCheck: false,
    }
    expect(checkConnection('redis://host', options)).toMatchObject({
      username: 'me',
      password: 's3cret',
      db: 3,
      clientName: 'shop',
      keepAliveMs: undefined,
      connectTimeoutMs: 1_000,
      healthCheckMs: undefined,
    })
  })

  it('checks certificates and their names, whatever is given', () => {
    expect(checkConnection('rediss://cache.example.org').tls).toEqual({
      servername: 'cache.example.org',
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
    })
    // An address is not a name that could be asked for.
    expect(checkConnection('rediss://[::1]').tls).not.toHaveProperty('servername')
    expect(checkConnection('rediss://10.0.0.1').tls).not.toHaveProperty('servername')
    const tls = { ca: pem, cert: Buffer.from(pem), key: pem, servername: 'other.example.org' }
    expect(checkConnection('rediss://host', { tls }).tls).toMatchObject({ ...tls, ca: [pem], rejectUnauthorized: true })
  })

  it.each<[string, object, string, RegExp]>([
    ['redis://host', { pasword: 'x' }, 'TIERCEL_UNKNOWN_OPTION', /Known: username, password/],
    ['redis://host', { username: 'me' }, 'TIERCEL_INVALID_OPTION', /needs a password/],
    ['redis://host', { password: '' }, 'TIERCEL_INVALID_OPTION', /password/],
    ['redis://:a@host', { password: 's3cret' }, 'TIERCEL_INVALID_OPTION', /password: the URL says it already/],
    ['redis://host/1', { db: 1 }, 'TIERCEL_INVALID_OPTION', /db: the URL says it already/],
    ['redis://host', { db: -1 }, 'TIERCEL_INVALID_OPTION', /db/],
    ['redis://host', { clientName: 'two words' }, 'TIERCEL_INVALID_OPTION', /without spaces/],
    ['redis://host', { keepAlive: '10ms' }, 'TIERCEL_INVALID_OPTION', /keepAlive.*1000 ms or more, or false/],
    ['redis://host', { keepAlive: true }, 'TIERCEL_INVALID_DURATION', /keepAlive/],
    ['redis://host', { healthCheck: '30d' }, 'TIERCEL_INVALID_DURATION', /healthCheck/],
    ['redis://host', { connectTimeout: '1h' }, 'TIERCEL_INVALID_DURATION', /connectTimeout/],
    ['redis://host', { tls: {} }, 'TIERCEL_INVALID_OPTION', /Write rediss:/],
    ['rediss://host', { tls: { rejectUnauthorized: false } }, 'TIERCEL_UNKNOWN_OPTION', /Known: ca, cert, key/],
    ['rediss://host', { tls: { ca: '/etc/ca.pem' } }, 'TIERCEL_INVALID_OPTION', /content of a PEM file/],
    ['rediss://host', { tls: { cert: pem } }, 'TIERCEL_INVALID_OPTION', /belong together/],
    ['rediss://host', { tls: { servername: 7 } }, 'TIERCEL_INVALID_OPTION', /servername/],
    ['redis://host?db=3', {}, 'TIERCEL_INVALID_OPTION', /would mean nothing/],
    ['redis://:s3c%ret@host', {}, 'TIERCEL_INVALID_OPTION', /"%25"/],
  ])('refuses %s with %j', (url, options, code, message) => {
    const error = thrownBy(() => checkConnection(url, options))
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) })
  })

  it('shows nothing that is secret', () => {
    for (const options of [
      { password: 31415926 },
      { password: 's3cret', clientName: '' },
      { tls: { key: 's3cret' } },
      { password: ['s3cret'] },
    ]) {
      const error = thrownBy(() => checkConnection('rediss://host', options as object))
      expect(`${error} ${JSON.stringify(error)}`).not.toMatch(/s3c|31415926/)
    }
  })
})

function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  throw new Error('nothing was thrown')
}
