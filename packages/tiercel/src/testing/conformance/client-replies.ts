import assert from 'node:assert/strict'
import type { Reply } from '../../client/client.ts'
import { asText, type ClientContext } from './client-context.ts'
import { type ContractCase, checksOf } from './contract-case.ts'

const checkOf = checksOf<ClientContext>()

/** A command by its words, after others; `k` and what begins with `k:` are keys of the case. */
interface Exchange {
  readonly call: readonly string[]
  readonly after?: readonly (readonly string[])[]
  readonly reply: unknown
}

const exchanges: readonly Exchange[] = [
  { call: ['PING'], reply: 'PONG' },
  { call: ['SET', 'k', 'v'], reply: 'OK' },
  { call: ['GET', 'k:missing'], reply: null },
  { call: ['MGET', 'k:1', 'k:2'], after: [['SET', 'k:2', 'v']], reply: [null, 'v'] },
  { call: ['INCR', 'k'], reply: 1 },
  { call: ['INCRBYFLOAT', 'k', '1.5'], reply: '1.5' },
  { call: ['HGETALL', 'k'], after: [['HSET', 'k', 'f', 'v', 'g', 'w']], reply: ['f', 'v', 'g', 'w'] },
  { call: ['SMEMBERS', 'k'], after: [['SADD', 'k', 'm']], reply: ['m'] },
  { call: ['ZSCORE', 'k', 'm'], after: [['ZADD', 'k', '1.5', 'm']], reply: '1.5' },
  { call: ['ZRANGE', 'k', '0', '-1', 'WITHSCORES'], after: [['ZADD', 'k', '1', 'm', '2.5', 'n']], reply: ['m', '1', 'n', '2.5'] },
  { call: ['ZPOPMIN', 'k', '1'], after: [['ZADD', 'k', '1', 'm']], reply: ['m', '1'] },
  { call: ['HRANDFIELD', 'k', '1', 'WITHVALUES'], after: [['HSET', 'k', 'f', 'v']], reply: ['f', 'v'] },
  { call: ['XREVRANGE', 'k', '+', '-'], after: [['XADD', 'k', '1-1', 'f', 'v']], reply: [['1-1', ['f', 'v']]] },
  { call: ['EVAL', 'redis.setresp(3); return {true, false, {double = 2.5}, {map = {a = 1}}}', '0'], reply: [1, 0, '2.5', ['a', 1]] },
  { call: ['EVAL', "return {1, 'two', {3, {ok = 'four'}}, false}", '0'], reply: [1, 'two', [3, 'four'], null] },
]

/** Replies have the RESP2 shape, whatever the link speaks. */
export const replyCases: readonly ContractCase<ClientContext>[] = [
  ...exchanges.map(({ call, after = [], reply }, at) =>
    checkOf(`replies: ${call[0]} (${at})`, async (context) => {
      for (const words of after) await sendWords(context, words)
      assert.deepEqual(asText(await sendWords(context, call)), reply)
    }),
  ),
  checkOf('replies: XREAD', async ({ client, key, send }) => {
    await send('XADD', 'k', '1-1', 'f', 'v')
    const reply = await client.send({ words: ['XREAD', 'STREAMS', key('k'), '0'], key: key('k') })
    assert.deepEqual(asText(reply), [[key('k'), [['1-1', ['f', 'v']]]]])
  }),
  checkOf('replies: text of the server is bytes', async ({ client }) => {
    const reply = await client.send({ words: ['INFO', 'server'] })
    assert.ok(Buffer.isBuffer(reply))
    assert.match(reply.toString(), /^# Server\r\n/)
  }),
]

function sendWords({ client, key }: ClientContext, words: readonly string[]): Promise<Reply> {
  const named = words.map((word) => (/^k(:|$)/.test(word) ? key(word) : word))
  const first = named.find((word, at) => word !== words[at])
  return client.send({ words: named, ...(first !== undefined && { key: first }) })
}
