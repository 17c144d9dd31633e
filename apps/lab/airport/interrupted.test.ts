import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { cacheFolder } from '@tiercel/test-servers'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openAirport } from './open.ts'

/** A seed that nothing else uses: its folder is removed before and after. */
const world = { seed: 4_000_000_001, scale: 0.02 }
const databases = join(cacheFolder(), 'postgres')
const leftovers = async () => (await readdir(databases).catch(() => [])).filter((name) => name.includes(`-seed-${world.seed}-`))
const clean = async () => {
  for (const name of await leftovers()) await rm(join(databases, name), { recursive: true, force: true })
}

beforeAll(async () => {
  vi.stubEnv('DATABASE_URL', '')
  await clean()
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await clean()
})

const program = `
  const { openAirport } = await import(${JSON.stringify(new URL('./open.ts', import.meta.url).href)})
  await openAirport({ ...${JSON.stringify(world)}, onProgress: ({ step, table }) => console.log(step, table ?? '') })
  console.log('open')`

/** Kills a process that prepares the airport as soon as it has got so far. */
async function killAt(line: string): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk
    if (output.includes(line)) child.kill('SIGKILL')
  })
  const [, signal] = (await exited) as [number | null, string | null]
  expect({ signal, output }).toEqual({ signal: 'SIGKILL', output: expect.stringContaining(line) })
}

test('a process killed while it prepares leaves nothing that is taken for prepared', async () => {
  await killAt('rows booking')
  expect((await leftovers()).filter((name) => /-pglite-[0-9.]+$/.test(name))).toEqual([])
  const airport = await openAirport(world)
  await airport.close()
  expect(airport.facts.fromCache).toBe(false)
}, 120_000)

test('a process killed while it uses the airport does not harm the prepared one', async () => {
  await killAt('open')
  const airport = await openAirport(world)
  try {
    expect(airport.facts.fromCache).toBe(true)
    const { rows } = await airport.pool.query<{ bookings: number }>('SELECT count(*)::integer AS bookings FROM booking')
    expect(rows[0]?.bookings).toBe(airport.facts.rows.booking)
  } finally {
    await airport.close()
  }
}, 120_000)

test('a prepared folder that does not start is made anew', async () => {
  const [folder] = (await leftovers()).filter((name) => /-pglite-[0-9.]+$/.test(name))
  await rm(join(databases, folder as string, 'global'), { recursive: true })
  const airport = await openAirport(world)
  await airport.close()
  expect(airport.facts.fromCache).toBe(false)
}, 120_000)
