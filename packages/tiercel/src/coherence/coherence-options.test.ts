import { describe, expect, test } from 'vitest'
import { type CoherenceOptions, checkCoherence } from './coherence-options.ts'

test('what is left out', () => {
  expect(checkCoherence({})).toEqual({
    mode: 'broadcast',
    noLoop: false,
    maxStalenessMs: 1_000,
    serveStaleForMs: 0,
    journalKeys: 20_000,
  })
})

test('while L2 cannot be asked', () => {
  expect(checkCoherence({ onDisconnect: 'bypass' }).serveStaleForMs).toBe(0)
  expect(checkCoherence({ onDisconnect: { serveStaleFor: '2m' } }).serveStaleForMs).toBe(120_000)
})

describe('what cannot be used', () => {
  const cases: readonly (readonly [what: string, options: object, code: string, hint: string])[] = [
    ['another mode', { mode: 'gossip' }, 'TIERCEL_INVALID_OPTION', "'broadcast'"],
    ['noLoop on the bus', { mode: 'bus', noLoop: true }, 'TIERCEL_INVALID_OPTION', 'noLoop'],
    ['noLoop of nothing', { mode: 'off', noLoop: true }, 'TIERCEL_INVALID_OPTION', 'noLoop'],
    ['a bound that is too short', { maxStaleness: 49 }, 'TIERCEL_INVALID_OPTION', '50 ms to 1 minute'],
    ['a bound that is too long', { maxStaleness: '2m' }, 'TIERCEL_INVALID_OPTION', '50 ms to 1 minute'],
    ['a bound that is none', { maxStaleness: 'soon' }, 'TIERCEL_INVALID_DURATION', 'maxStaleness'],
    ['another word', { onDisconnect: 'serve' }, 'TIERCEL_INVALID_OPTION', 'serveStaleFor'],
    ['null', { onDisconnect: null }, 'TIERCEL_INVALID_OPTION', 'serveStaleFor'],
    ['no duration', { onDisconnect: {} }, 'TIERCEL_INVALID_DURATION', 'serveStaleFor'],
    ['another name in it', { onDisconnect: { serveFor: '1s' } }, 'TIERCEL_UNKNOWN_OPTION', 'serveStaleFor'],
    ['a journal for nothing', { journalKeys: 99 }, 'TIERCEL_INVALID_OPTION', 'journalKeys'],
    ['another name', { serveStaleFor: '1s' }, 'TIERCEL_UNKNOWN_OPTION', 'onDisconnect'],
  ]

  test.each(cases)('%s', (_, options, code, hint) => {
    const check = () => checkCoherence(options as CoherenceOptions)
    expect(check).toThrow(expect.objectContaining({ code, message: expect.stringContaining(hint) }))
  })
})
