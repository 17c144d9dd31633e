import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { progressReporter } from '../cli/progress.ts'
import { readAssets } from './assets.ts'
import { createLabServer, host, type LabServer } from './lab-server.ts'

const defaultPort = 4680

/** `npm start`: the page at once, the servers behind it as soon as they are there, and nothing left behind at the end. */
async function main(): Promise<void> {
  const wantedPort = portOf(process.env['PORT'])
  const scale = scaleOf(process.env['AIRPORT_SCALE'])
  const dist = fileURLToPath(new URL('../dist', import.meta.url))
  const assets = existsSync(dist) ? readAssets(dist) : new Map()
  const report = progressReporter(process.stdout)
  const server = createLabServer({ assets, scale, onChange: report.preparation })

  let isStopping = false
  const stop = async (code: number) => {
    if (isStopping) process.exit(130)
    isStopping = true
    report.end()
    // A database that is just being filled cannot be told to stop; what it has begun is in a folder that nobody will use.
    await Promise.race([server.close(), wait(4000)])
    process.exit(code)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void stop(0))

  try {
    const port = await listen(server, wantedPort)
    report.line(`the lab is at http://${host}:${port}   (Ctrl-C ends it)`)
    if (assets.size === 0) report.line('its page is not built; run: npm run build')
  } catch (error) {
    report.line(error instanceof Error ? error.message : String(error))
    return stop(1)
  }
  await server.lab.ready.then(
    () => report.line('ready'),
    () => report.line('not everything could be started, see above; the page says the same. Ctrl-C ends it.'),
  )
}

/** The port asked for, or the usual one, or any when that is taken. */
async function listen(server: LabServer, wantedPort: number | undefined): Promise<number> {
  try {
    return await server.listen(wantedPort ?? defaultPort)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
    if (wantedPort === undefined) return server.listen(0)
    throw new Error(`port ${wantedPort} is taken. Name another, PORT=4681 npm start, or none: then a free one is found.`)
  }
}

function portOf(text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined
  if (!/^\d+$/.test(text) || Number(text) > 65_535) throw new Error(`PORT: got "${text}", allowed is a whole number from 0 to 65535.`)
  return Number(text)
}

function scaleOf(text: string | undefined): number {
  if (text === undefined || text === '') return 1
  const scale = Number(text)
  if (!(scale >= 0.001 && scale <= 100)) throw new Error(`AIRPORT_SCALE: got "${text}", allowed is a number from 0.001 to 100.`)
  return scale
}

main().catch((error: unknown) => {
  process.stderr.write(`lab: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
})
