import { describe, expect, it } from 'vitest'
import { StoreError } from '../kernel/errors.ts'
import { toGlideError } from './glide-error.ts'

describe('what GLIDE rejects with, in our words', () => {
  it.each([
    ['WRONGTYPE: Operation against a key', 'WRONGTYPE', 'WRONGTYPE Operation against a key'],
    ['An error was signalled by the server: - NoScriptError: No matching script.', 'NOSCRIPT', 'NOSCRIPT No matching script.'],
    ["An error was signalled by the server: - ResponseError: unknown command 'X'", 'ERR', "ERR unknown command 'X'"],
    ['An error was signalled by the server: - BusyLoadingError: dataset in memory', 'LOADING', 'LOADING dataset in memory'],
    ['An error was signalled by the server: - SomethingNew: text', 'ERR', 'ERR text'],
    ['MINE: said no', 'MINE', 'MINE said no'],
  ])('%s', (text, reply, message) => {
    expect(toGlideError(new Error(text))).toMatchObject({ code: 'TIERCEL_SERVER_ERROR', reply, message })
  })

  it.each([
    'timed out',
    'Reached maximum inflight requests- ClientError',
    'Received connection error `Connection reset by peer (os error 104)`. Will attempt to reconnect',
    'Standalone connect failed - IoError: Received error',
  ])('%s: no answer of the server', (text) => {
    expect(toGlideError(new Error(text))).toMatchObject({ code: 'TIERCEL_STORE_UNAVAILABLE', retryable: true })
  })

  it('an error of ours passes', () => {
    const error = new StoreError('TIERCEL_STORE_UNAVAILABLE', 'lost')
    expect(toGlideError(error)).toBe(error)
  })
})
