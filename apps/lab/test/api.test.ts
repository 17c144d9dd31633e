import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Hono } from 'hono'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scenarios } from '../scenarios/index.ts'
import { createApp } from '../server/app.ts'
import { readAssets } from '../server/assets.ts'
import { createLive } from '../server/live.ts'
import type { RunningLab } from '../server/running-lab.ts'
import { createRuns } from '../server/runs.ts'

/** Servers that never come up: everything but running can be asked. */
const lab: RunningLab = {
  preparation: { state: 'preparing', steps: [{ id: 'valkey', label: 'Valkey', state: 'running', detail: '</script><b>' }] },
  facts: [],
  ready: new Promise(() => undefined),
  lab: undefined,
  close: async () => undefined,
}

let folder: string
let app: Hono

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tiercel-lab-'))
  await mkdir(join(folder, 'dist', 'assets'), { recursive: true })
  await writeFile(join(folder, 'secret.txt'), 'secret')
  await writeFile(join(folder, 'dist', 'index.html'), '<!doctype html><head><!--lab--></head>')
  await writeFile(join(folder, 'dist', '.tiercel-stamp'), 'stamp')
  await writeFile(join(folder, 'dist', 'assets', 'index-abc.js'), 'export {}')
  const runs = createRuns()
  app = createApp({ lab, runs, live: createLive(lab, runs), assets: readAssets(join(folder, 'dist')) })
})

afterAll(() => rm(folder, { recursive: true, force: true }))

const host = '127.0.0.1:4680'
const get = (path: string, headers: Record<string, string> = {}) => app.request(`http://${host}${path}`, { headers: { host, ...headers } })
const post = (path: string, body: string, headers: Record<string, string> = {}) =>
  app.request(`http://${host}${path}`, { method: 'POST', body, headers: { host, 'content-type': 'application/json', ...headers } })
const errorOf = async (response: Response) => ((await response.json()) as { error: string }).error

describe('the page', () => {
  test('is there while the servers still start, with their state in it and no way out of its script', async () => {
    const response = await get('/')
    expect(response.status).toBe(200)
    const html = await response.text()
    expect(html).toContain('"state":"preparing"')
    expect(html).not.toContain('</script><b>')
  })

  test('is the same for a scenario, and says 404 where there is nothing', async () => {
    expect((await get('/scenario/what-a-cache-saves?query=flight')).status).toBe(200)
    expect((await get('/scenario/nothing')).status).toBe(404)
    expect((await get('/nothing')).status).toBe(404)
  })

  test('forbids whatever is not its own', async () => {
    const { headers } = await get('/')
    expect(headers.get('content-security-policy')).toContain("default-src 'none'; script-src 'self'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('no-referrer')
  })

  test('has its files, hashed ones for ever, zipped where that is wanted', async () => {
    const plain = await get('/assets/index-abc.js')
    expect(await plain.text()).toBe('export {}')
    expect(plain.headers.get('cache-control')).toContain('immutable')
    expect((await get('/assets/index-abc.js', { 'accept-encoding': 'gzip' })).headers.get('content-encoding')).toBe('gzip')
  })

  test.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/..%2fsecret.txt',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
    '//etc/passwd',
    '/.tiercel-stamp',
    '/secret.txt',
  ])('does not give %s', async (path) => {
    const response = await get(path)
    expect(response.status).toBe(404)
    expect(await response.text()).not.toMatch(/^(secret|stamp)/)
  })
})

describe('who may ask', () => {
  test.each(['evil.example', 'evil.example:4680', '127.0.0.1.evil.example', '10.0.0.1:4680', ''])('host "%s" may not', async (name) => {
    expect((await get('/api/lab', { host: name })).status).toBe(403)
  })

  test.each(['127.0.0.1:4680', 'localhost:4680', '[::1]:4680'])('host "%s" may', async (name) => {
    expect((await get('/api/lab', { host: name })).status).toBe(200)
  })

  test('another site may not start anything', async () => {
    expect((await post('/api/runs', '{}', { origin: 'https://evil.example' })).status).toBe(403)
    expect((await post('/api/runs', '{}', { 'content-type': 'text/plain' })).status).toBe(415)
    expect((await post('/api/runs', '{}', { origin: `http://${host}` })).status).toBe(400 + 4)
  })
})

describe('what is asked', () => {
  test.each([
    ['{', 400, 'Send a JSON object'],
    ['[]', 400, 'Send a JSON object'],
    [
      '{"scenario":"nothing"}',
      404,
      'There is no such scenario. There are: what-a-cache-saves, who-sees-the-update, tags-versions-patterns, ttl-and-ages, stampede, pull-the-plug.',
    ],
    ['{"scenario":"what-a-cache-saves","parameters":[]}', 400, '"parameters" is an object'],
    ['{"scenario":"what-a-cache-saves","parameters":{"skew":9}}', 400, 'skew: got 9, allowed is a number from 0 to 1.5 in steps of 0.1'],
    ['{"scenario":"what-a-cache-saves","parameters":{"__proto__":1}}', 400, '__proto__: there is no such parameter'],
    ['{"scenario":"what-a-cache-saves","seed":-1}', 400, 'seed: got -1'],
    ['{"scenario":"what-a-cache-saves","extra":1}', 400, 'Unknown: extra.'],
    ['{"scenario":"what-a-cache-saves"}', 503, 'The lab is still getting ready.'],
  ])('%s is answered with %s', async (body, status, message) => {
    const response = await post('/api/runs', body)
    expect(response.status).toBe(status)
    expect(await errorOf(response)).toContain(message)
  })

  test('a body that is too large is not read', async () => {
    expect((await post('/api/runs', JSON.stringify({ scenario: 'x'.repeat(70_000) }))).status).toBe(413)
  })

  test('a run that nobody knows is nowhere', async () => {
    for (const path of ['/api/runs/x', '/api/runs/x/events', '/api/runs/x/file']) expect((await get(path)).status).toBe(404)
    expect((await post('/api/runs/x/stop', '{}')).status).toBe(404)
  })

  test('a preview is given before the servers are there, without what needs them', async () => {
    const preview = await get('/api/scenarios/what-a-cache-saves/preview?l1=off&ttl=1m')
    expect(await preview.json()).toMatchObject({ lanes: ['none', 'l2'], exhibits: null, code: expect.stringContaining("ttl: '1m'") })
    expect((await get('/api/scenarios/what-a-cache-saves/preview?l1=maybe')).status).toBe(400)
  })

  test('every scenario can be described and previewed', async () => {
    for (const { id, lanes } of scenarios) {
      expect((await get(`/api/scenarios/${id}`)).status).toBe(200)
      const preview = await get(`/api/scenarios/${id}/preview`)
      expect(await preview.json()).toMatchObject({ lanes: lanes.map((lane) => lane.id), exhibits: null })
    }
    const kill = await get('/api/scenarios/stampede/preview?kill=on&ttl=900')
    expect(await kill.json()).toMatchObject({ code: expect.stringContaining('ttl: 900, lease: 1000') })
    expect((await get('/api/scenarios/stampede/preview?processes=9')).status).toBe(400)
    expect((await get('/api/scenarios/ttl-and-ages/preview?trouble=burns')).status).toBe(400)
  })

  test('a description holds data only, and links to no docs page that is not there', async () => {
    const description = (await (await get('/api/scenarios/what-a-cache-saves')).json()) as Record<string, unknown>
    expect(description).toMatchObject({ id: 'what-a-cache-saves', lanes: [{ id: 'none' }, { id: 'l2' }, { id: 'l1-l2' }] })
  })
})
