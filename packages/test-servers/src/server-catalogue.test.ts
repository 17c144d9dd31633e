import { describe, expect, test } from 'vitest'
import { catalogue, type ServerName } from './server-catalogue.ts'

describe('which versions stand for a server', () => {
  test.each<[ServerName, string, boolean]>([
    ['valkey-8.0', '8.0.1', true],
    ['valkey-8.0', '8.1.0', false],
    ['valkey-9.1', '9.1.2', true],
    ['valkey-9.1', '9.2.0', true],
    ['valkey-9.1', '9.10.0', true],
    ['valkey-9.1', '9.0.3', false],
    ['valkey-9.1', '10.1.0', false],
    ['redis-8.0', '8.0.2-3+deb13u2', true],
    ['redis-8.0', '8.2.0', false],
  ])('%s, %s: %s', (name, version, accepted) => {
    expect(catalogue[name].accepts(version)).toBe(accepted)
  })
})
