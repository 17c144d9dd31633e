import assert from 'node:assert/strict'
import type { Client } from '../../client/client.ts'
import { type ClientContext, keyed } from './client-context.ts'
import { type ContractCase, checksOf, eventually, sleep } from './contract-case.ts'

const checkOf = checksOf<ClientContext>()
const ignore = { onInvalidate: () => undefined }

/** Links of its own, new links, and the end. */
export const linkCases: readonly ContractCase<ClientContext>[] = [
  checkOf('is ready, and says what it is', ({ client, key }) => {
    assert.equal(client.specVersion, 1)
    assert.equal(client.isReady, true)
    assert.match(client.name, /^[a-z-]+$/)
    assert.equal(typeof client.nodeOf(key('k')), 'string')
    if (client.topology === 'standalone') assert.equal(client.nodeOf(key('k')), client.nodeOf(key('l')))
  }),
  checkOf('gives each primary, one where there is no cluster', async ({ client }) => {
    const nodes = await client.primaries()
    if (client.topology === 'standalone') assert.equal(nodes.length, 1)
    for (const node of nodes) assert.equal(String(await node.send(['PING'])), 'PONG')
  }),
  checkOf('subscriptions bring messages as bytes, to whom they were sent, until they are closed', async ({ client, key }) => {
    const [news, weather, other] = [key('news'), key('weather'), key('other')]
    const heard: string[] = []
    const message = Buffer.from([0, 255, 10])
    const subscription = await client.subscribe([news, weather], {
      onMessage: (channel, body) => void heard.push(`${channel} ${body.equals(message) ? 'bytes' : body}`),
    })
    await client.send({ words: ['PUBLISH', other, 'zero'] })
    await client.send({ words: ['PUBLISH', news, 'one'] })
    await client.send({ words: ['PUBLISH', weather, message] })
    await eventually(() => assert.deepEqual(heard.toSorted(), [`${news} one`, `${weather} bytes`]))
    await Promise.all([subscription.close(), subscription.close()])
    for (let more = 0; more < 3; more += 1) {
      await client.send({ words: ['PUBLISH', news, 'more'] })
      await sleep(20)
    }
    assert.equal(heard.length, 2, heard.join())
  }),
  checkOf('refuses everything after its end, which may come twice', async ({ client }) => {
    await Promise.all([client.close(), client.close()])
    assert.equal(client.isReady, false)
    assert.equal(client.nodeOf('k'), undefined)
    for (const call of callsOf(client)) await assert.rejects(call(), { code: 'TIERCEL_CLOSED' })
  }),
]

export const trackingCases: readonly ContractCase<ClientContext>[] = [
  checkOf('tracking tells of changes under the prefixes only, and its heartbeat comes after them', async ({ client, key }) => {
    const heard: (string | null)[] = []
    const onInvalidate = (keys: readonly string[] | null) => void heard.push(...(keys ?? [null]))
    const tracking = await client.track({ prefixes: [key('p:'), key('q:')] }, { onInvalidate })
    await client.send(keyed('SET', key('other'), 'v'))
    await client.send(keyed('SET', key('p:1'), 'v'))
    await client.send(keyed('SET', key('q:é'), 'v'))
    await eventually(async () => {
      await tracking.ping()
      assert.deepEqual(heard.toSorted(), [key('p:1'), key('q:é')])
    })
    await Promise.all([tracking.close(), tracking.close()])
  }),
  checkOf('tracking refuses prefixes that overlap, or are not there', async ({ client }) => {
    for (const prefixes of [[], ['p:', 'p:q:'], ['p:', 'p:']]) {
      await assert.rejects(client.track({ prefixes }, ignore), { code: 'TIERCEL_INVALID_OPTION' })
    }
  }),
]

function callsOf(client: Client): readonly (() => Promise<unknown>)[] {
  return [
    () => client.send({ words: ['PING'] }),
    () => client.batch([{ words: ['PING'] }]),
    () => client.ready(),
    () => client.primaries(),
    () => client.subscribe(['news'], { onMessage: () => undefined }),
    () => client.track({ prefixes: ['p:'] }, ignore),
  ]
}
