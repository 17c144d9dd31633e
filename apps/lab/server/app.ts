import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Context, Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { type SSEStreamingApi, streamSSE } from 'hono/streaming'
import { board, describe, type Preview } from '../scenarios/description.ts'
import { findScenario, scenarios } from '../scenarios/index.ts'
import { modules } from '../scenarios/modules.ts'
import { checkSettings, ParameterError, parseSettings, type Settings } from '../scenarios/parameters.ts'
import { type Scenario, wantedLanes } from '../scenarios/scenario.ts'
import type { Asset } from './assets.ts'
import { guard } from './guard.ts'
import type { Live, Pulse } from './live.ts'
import type { RunningLab } from './running-lab.ts'
import type { Run, Runs } from './runs.ts'

export interface AppOptions {
  readonly lab: RunningLab
  readonly runs: Runs
  readonly live: Live
  /** The built page; empty when there is none. */
  readonly assets: ReadonlyMap<string, Asset>
}

const mostStreams = 64
const root = new URL('../../../', import.meta.url)

/** The lab over HTTP: a page, its data, and what goes on as server-sent events. */
export function createApp({ lab, runs, live, assets }: AppOptions): Hono {
  const app = new Hono()
  let streams = 0
  app.use(guard())
  app.use(bodyLimit({ maxSize: 64 * 1024, onError: (context) => context.json({ error: 'The body is larger than 64 kB.' }, 413) }))
  app.onError((error, context) => context.json({ error: error.message }, 500))
  app.notFound((context) => context.json({ error: 'There is nothing here.' }, 404))

  const stream = (context: Context, send: (stream: SSEStreamingApi, hasEnded: Promise<void>) => Promise<void>) => {
    if (streams >= mostStreams) return context.json({ error: 'Too many pages are watching.' }, 503)
    return streamSSE(context, async (sse) => {
      streams++
      const hasEnded = new Promise<void>((resolve) => sse.onAbort(resolve))
      await send(sse, hasEnded).finally(() => {
        streams--
      })
    })
  }

  app.get('/api/lab', (context) => context.json(state()))
  app.get('/api/live', (context) => {
    const wantsMarks = context.req.query('marks') === 'on'
    return stream(context, async (sse, hasEnded) => {
      const stopWatching = live.watch((pulse: Pulse) => void sse.writeSSE({ data: JSON.stringify(pulse) }), wantsMarks)
      await hasEnded
      stopWatching()
    })
  })

  app.get('/api/scenarios/:id', (context) => {
    const scenario = findScenario(context.req.param('id'))
    return scenario === undefined ? unknownScenario(context) : context.json(describe(scenario, isDocsPageThere))
  })
  app.get('/api/scenarios/:id/preview', async (context) => {
    const scenario = findScenario(context.req.param('id'))
    if (scenario === undefined) return unknownScenario(context)
    return withSettings(
      context,
      () => parseSettings(scenario.parameters, context.req.query()),
      async (settings) => context.json(await preview(scenario, settings)),
    )
  })

  app.post('/api/runs', async (context) => {
    const body = await context.req.json<unknown>().catch(() => undefined)
    if (!isRecord(body)) return context.json({ error: 'Send a JSON object: { "scenario", "parameters", "seed" }.' }, 400)
    const { scenario: id, parameters = {}, seed, ...others } = body
    const unknown = Object.keys(others)
    if (unknown.length > 0)
      return context.json({ error: `Unknown: ${unknown.join(', ')}. Allowed are scenario, parameters and seed.` }, 400)
    const scenario = typeof id === 'string' ? findScenario(id) : undefined
    if (scenario === undefined) return unknownScenario(context)
    if (!isRecord(parameters) || 'seed' in parameters) return context.json({ error: '"parameters" is an object of names and values.' }, 400)
    const given = { ...parameters, ...(seed === undefined ? {} : { seed }) }
    return withSettings(
      context,
      () => checkSettings(scenario.parameters, given),
      async (settings) => {
        if (lab.lab === undefined) return context.json({ error: 'The lab is still getting ready.' }, 503)
        if (runs.active !== undefined) {
          return context.json({ error: 'Another run goes on; two would measure each other.', active: runs.active.id }, 409)
        }
        return context.json({ id: runs.start(scenario, settings, lab.lab, lab.facts).id }, 202)
      },
    )
  })
  app.get('/api/runs/:id', (context) => withRun(context, runs, (run) => context.json(summary(run))))
  app.post('/api/runs/:id/stop', (context) =>
    withRun(context, runs, (run) => {
      run.stop()
      return context.json({ id: run.id }, 202)
    }),
  )
  app.post('/api/runs/:id/actions/:action', (context) =>
    withRun(context, runs, (run) => {
      const action = context.req.param('action')
      return run.act(action) ? context.json({ id: run.id }, 202) : context.json({ error: `This run does not take ${action} now.` }, 409)
    }),
  )
  app.get('/api/runs/:id/file', (context) =>
    withRun(context, runs, (run) => {
      if (run.result === undefined) return context.json({ error: 'This run has no result yet.' }, 404)
      const name = `${run.scenario}-${run.result.startedAt.slice(0, 19).replaceAll(':', '')}.json`
      context.header('Content-Disposition', `attachment; filename="${name}"`)
      return context.json(run.result)
    }),
  )
  app.get('/api/runs/:id/events', (context) =>
    withRun(context, runs, (run) =>
      stream(context, async (sse, hasEnded) => {
        const send = (data: unknown) => sse.writeSSE({ data: JSON.stringify(data) })
        const stopWatching = run.watch((event) => void send(event))
        if (run.frame !== undefined)
          await send({ type: 'frame', frame: { ...run.frame, lanes: run.frame.lanes.map((lane) => ({ ...lane, marks: [] })) } })
        await Promise.race([hasEnded, run.ended])
        stopWatching()
        await send(run.state === 'failed' ? { type: 'failed', message: run.message } : { type: 'done' })
      }),
    ),
  )

  app.get('/', (context) => page(context, 200))
  app.get('/scenario/:id', (context) => page(context, findScenario(context.req.param('id')) === undefined ? 404 : 200))
  app.get('*', (context) => {
    const asset = assets.get(context.req.path)
    return asset === undefined || context.req.path === '/index.html' ? page(context, 404) : sendAsset(context, asset)
  })
  return app

  function state() {
    const active = runs.active === undefined ? null : { id: runs.active.id, scenario: runs.active.scenario }
    return { preparation: lab.preparation, facts: lab.facts, active, board: board(modules, scenarios) }
  }

  async function preview(scenario: Scenario, { parameters }: Settings): Promise<Preview> {
    const free = runs.active === undefined ? lab.lab : undefined
    return {
      code: scenario.takeHome.code(parameters),
      lanes: wantedLanes(scenario, parameters).map(({ id }) => id),
      exhibits: free === undefined ? null : await scenario.exhibits(free, parameters),
    }
  }

  /** The page with the state of the lab in it: the first paint needs no second request. */
  function page(context: Context, status: 200 | 404) {
    const index = assets.get('/index.html')
    if (index === undefined) return context.text('The page is not built. Run: npm run build\n', 503)
    const json = JSON.stringify(state()).replaceAll('<', '\\u003c')
    context.header('Cache-Control', 'no-store')
    return context.html(
      new TextDecoder().decode(index.body).replace('<!--lab-->', () => `<script type="application/json" id="lab">${json}</script>`),
      status,
    )
  }
}

function sendAsset(context: Context, { body, gzipped, type, isHashed }: Asset) {
  const isZipped = gzipped !== undefined && (context.req.header('accept-encoding') ?? '').includes('gzip')
  context.header('Content-Type', type)
  context.header('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache')
  context.header('Vary', 'Accept-Encoding')
  if (isZipped) context.header('Content-Encoding', 'gzip')
  return context.body(isZipped ? gzipped : body)
}

function isDocsPageThere(path: string): boolean {
  return existsSync(fileURLToPath(new URL(path, root)))
}

function unknownScenario(context: Context) {
  return context.json({ error: `There is no such scenario. There are: ${scenarios.map(({ id }) => id).join(', ')}.` }, 404)
}

async function withSettings(context: Context, read: () => Settings, next: (settings: Settings) => Promise<Response>): Promise<Response> {
  let settings: Settings
  try {
    settings = read()
  } catch (error) {
    if (error instanceof ParameterError) return context.json({ error: error.message, problems: error.problems }, 400)
    throw error
  }
  return next(settings)
}

function withRun<T>(context: Context, runs: Runs, next: (run: Run) => T) {
  const run = runs.get(context.req.param('id') ?? '')
  return run === undefined ? context.json({ error: 'There is no such run; the lab keeps the last twenty.' }, 404) : next(run)
}

function summary({ id, scenario, settings, state, result, message, notes }: Run) {
  return { id, scenario, settings, state, result: result ?? null, message: message ?? null, notes }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
