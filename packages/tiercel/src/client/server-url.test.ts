import { describe, expect, it } from 'vitest'
import { parseServerUrl } from './server-url.ts'

describe('parseServerUrl', () => {
  it('gives the form that all clients know', () => {
    expect(parseServerUrl('valkey://user:p%40ss@host:7000/3')).toBe('redis://user:p%40ss@host:7000/3')
    expect(parseServerUrl(new URL('valkeys://host'))).toBe('rediss://host')
    expect(parseServerUrl('rediss://[::1]:6379')).toBe('rediss://[::1]:6379')
    expect(parseServerUrl('redis://host/')).toBe('redis://host/')
  })

  it.each([
    '',
    'host:6379',
    'http://host',
    'redis:///0',
    'redis://host/three',
    'redis:host',
    '//host',
    'redis://',
    'redis://host?db=1',
    'redis://host#x',
  ])('refuses %j', (url) => {
    expect(() => parseServerUrl(url)).toThrow(expect.objectContaining({ code: 'TIERCEL_INVALID_OPTION' }))
  })

  it.each([
    'http://u:s3cret@host',
    'redis://:s3c#s3cret@host',
    'redis://u:s3cr@s3cret@/x y',
    'redis://host/x?password=s3cret',
    'redis:u:s3cret@host',
  ])('shows no secret of %j', (url) => {
    let text = ''
    try {
      parseServerUrl(url)
    } catch (error) {
      text = `${error} ${JSON.stringify(error)} ${(error as Error).cause}`
    }
    expect(text).toContain('Not the URL of a server')
    expect(text).not.toContain('s3c')
  })
})
