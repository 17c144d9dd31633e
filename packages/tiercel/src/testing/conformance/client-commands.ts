import assert from 'node:assert/strict'
import type { Reply } from '../../client/client.ts'
import { defineScript, runScript } from '../../client/script.ts'
import { ServerError } from '../../kernel/errors.ts'
import { asText, type ClientContext, everythingIn, keyed } from './client-context.ts'
import { bytes, type ContractCase, checksOf } from './contract-case.ts'

const checkOf = checksOf<ClientContext>()
const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']

/** Bytes go through as they are, commands are executed in order, and errors are the server's. */
export const commandCases: readonly ContractCase<ClientContext>[] = [
  checkOf('bytes come back as they went in', async ({ client, key, send }) => {
    const value = Buffer.from([0, 255, 13, 10, 0xc3, 0x28, 36, 42, 0])
    await send('SET', 'k', value)
    assert.deepEqual(await send('GET', 'k'), value)
    assert.deepEqual(await send('MGET', 'k'), [value])
    assert.deepEqual(await client.send({ words: ['EVAL', 'return ARGV[1]', '1', key('k'), value], key: key('k') }), value)
  }),
  checkOf('bytes are empty where empty was stored', async ({ send }) => {
    await send('SET', 'k', Buffer.alloc(0))
    await send('SET', 'l', '')
    assert.deepEqual([await send('GET', 'k'), await send('GET', 'l')], [Buffer.alloc(0), Buffer.alloc(0)])
  }),
  checkOf('bytes of a key are its text as UTF-8', async ({ client, key, send }) => {
    await send('SET', 'ключé🔑', 'v')
    const words = ['EVAL', "return redis.call('GET', KEYS[1])", '1', bytes(key('ключé🔑'))]
    assert.equal(String(await client.send({ words, key: key('') })), 'v')
  }),
  checkOf('bytes may be a megabyte, many at once', async ({ send }) => {
    const big = Buffer.alloc(1 << 20, 'x')
    big.writeUInt32BE(0xdeadbeef, 1000)
    const long = 'é'.repeat(1 << 19)
    await Promise.all([...names.map((name) => send('SET', name, big)), send('SET', 'text', long)])
    for (const reply of await Promise.all(names.map((name) => send('GET', name)))) assert.ok(big.equals(reply as Buffer))
    assert.ok(String(await send('GET', 'text')) === long)
  }),
  checkOf('commands of one turn are executed in the order of the calls', async ({ send }) => {
    const pushes = Array.from({ length: 500 }, (_, at) => send('RPUSH', 'k', at % 2 === 0 ? bytes(`${at}`) : `${at}`))
    const replies = await Promise.all([...pushes, send('LRANGE', 'k', '0', '-1')])
    assert.deepEqual(
      replies.slice(0, 500),
      pushes.map((_, at) => at + 1),
    )
    assert.deepEqual(
      asText(replies[500] as Reply),
      pushes.map((_, at) => String(at)),
    )
  }),
  checkOf('commands reject with what the server says', async ({ client, send }) => {
    await send('LPUSH', 'k', 'v')
    const error = await send('INCR', 'k').catch((thrown: unknown) => thrown)
    assert.ok(error instanceof ServerError)
    assert.deepEqual([error.code, error.reply, error.retryable], ['TIERCEL_SERVER_ERROR', 'WRONGTYPE', false])
    await assert.rejects(client.send({ words: ['NOSUCHCOMMAND', 'secret'] }), { reply: 'ERR' })
  }),
  checkOf('commands show no words in what an error carries', async ({ send }) => {
    await send('LPUSH', 'k', 'v')
    const error = await send('SETRANGE', 'k', '0', 'secret-value').catch((thrown: unknown) => thrown)
    assert.ok(error instanceof Error)
    assert.ok(!everythingIn(error).includes('secret-value'))
  }),
  checkOf('commands in a batch get one result each, errors in their place', async ({ client, key }) => {
    const replies = await client.batch([
      ...names.map((name) => keyed('SET', key(name), `value of ${name}`)),
      keyed('LPUSH', key('a'), 'wrong'),
      { words: ['NOSUCHCOMMAND'] },
      ...names.map((name) => keyed('GET', key(name))),
    ])
    assert.deepEqual(
      replies.slice(0, 8).map(String),
      names.map(() => 'OK'),
    )
    assert.deepEqual(
      replies.slice(8, 10).map((error) => (error as ServerError).reply),
      ['WRONGTYPE', 'ERR'],
    )
    assert.deepEqual(
      replies.slice(10).map(String),
      names.map((name) => `value of ${name}`),
    )
    assert.deepEqual(await client.batch([]), [])
  }),
  checkOf('scripts run by hash, and by text where the server has lost them', async ({ client, key }) => {
    const script = defineScript({ name: 'add', lua: "return redis.call('INCRBY', KEYS[1], ARGV[1])" })
    assert.equal(await runScript(client, script, [key('k')], ['1']), 1)
    for (const node of await client.primaries()) await node.send(['SCRIPT', 'FLUSH'])
    assert.equal(await runScript(client, script, [key('k')], ['10']), 11)
    assert.deepEqual(
      await Promise.all(names.map((name) => runScript(client, script, [key(name)], ['1']))),
      names.map(() => 1),
    )
    assert.equal(await runScript(client, script, [key('k')], [bytes('100')]), 111)
  }),
  checkOf('scripts reject with their own error', async ({ client, key }) => {
    const failing = defineScript({ name: 'fail', lua: "return redis.error_reply('MINE said no')" })
    await assert.rejects(runScript(client, failing, [key('k')], []), { reply: 'MINE' })
  }),
]

/** What GLIDE cannot do. */
export const errorInArrayCases: readonly ContractCase<ClientContext>[] = [
  checkOf('replies: an error inside an array is in its place', async ({ client }) => {
    const reply = (await client.send({ words: ['EVAL', "return {1, {err = 'NOPE not this'}}", '0'] })) as Reply[]
    assert.equal(reply[0], 1)
    assert.ok(reply[1] instanceof ServerError)
    assert.deepEqual([reply[1].code, reply[1].reply], ['TIERCEL_SERVER_ERROR', 'NOPE'])
  }),
]
