import { expect, test } from 'vitest'
import { parseServerUrl } from './server-from-env.ts'

test.each([
  ['redis://localhost', { host: 'localhost', port: 6379, tls: false }],
  ['valkey://10.0.0.1:7000/3', { host: '10.0.0.1', port: 7000, tls: false }],
  ['rediss://:s%40fe@cache.example:6380', { host: 'cache.example', port: 6380, tls: true, auth: ['s@fe'] }],
  ['valkeys://me:pass@[::1]:6379', { host: '::1', port: 6379, tls: true, auth: ['me', 'pass'] }],
])('%s is understood', (url, address) => {
  expect(parseServerUrl(url)).toEqual(address)
})

test.each(['localhost:6379', 'http://user:secret@localhost', '', 'redis://'])('%j is refused without being repeated', (url) => {
  expect(() => parseServerUrl(url)).toThrow(
    expect.objectContaining({ code: 'TIERCEL_TEST_SERVER_CONFIG', message: expect.not.stringContaining('secret') }),
  )
})
