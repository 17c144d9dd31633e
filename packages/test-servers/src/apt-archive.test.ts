import { expect, test } from 'vitest'
import { isLibrary, parsePlan } from './apt-archive.ts'

test('the plan of apt is understood, epochs and missing hashes included', () => {
  const plan = [
    'Reading package lists...',
    "'http://mirror.example/debian/pool/z/zlib1g_1%3a1.3_amd64.deb' zlib1g_1%3a1.3+really_amd64.deb 92424 MD5Sum:0123",
    "'http://mirror.example/debian/pool/v/valkey-tools_9.1.2-1_amd64.deb' valkey-tools_9.1.2-1_amd64.deb 1447560 ",
  ].join('\n')
  expect(parsePlan(plan)).toEqual([
    { name: 'zlib1g', version: '1:1.3+really', sizeBytes: 92424 },
    { name: 'valkey-tools', version: '9.1.2-1', sizeBytes: 1447560 },
  ])
})

test.each([
  ['libc6', true],
  ['libssl3t64', true],
  ['zlib1g', true],
  ['libpam-modules-bin', false],
  ['debconf', false],
  ['systemd', false],
])('%s is a library to load: %s', (name, expected) => {
  expect(isLibrary(name)).toBe(expected)
})
