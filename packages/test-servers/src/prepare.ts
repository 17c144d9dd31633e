/** Fetches ahead what tests need: `prepare.ts [--servers valkey-8.0,redis-8.0] [--browser]`. What cannot be had is a failure only with CI set. */
import { parseArgs } from 'node:util'
import { findBrowser, installBrowser } from './browser.ts'
import { findMariadb } from './find-mariadb.ts'
import { findServer } from './find-server.ts'
import { emptyDataFolder } from './prepared-data.ts'
import { type ServerName, serverNames } from './server-catalogue.ts'
import { reasonOf } from './test-server-error.ts'

/** One thing to have ready. Returns what was found, for the line that says so. */
type Step = { readonly name: string; run(): Promise<string> }

function onProgress(message: string): void {
  console.log(`… ${message}`)
}

function serverStep(name: ServerName): Step {
  return {
    name,
    async run() {
      const { kind, version, source } = await findServer(name, { onProgress })
      return `${kind} ${version} (${source})`
    },
  }
}

const databaseStep: Step = {
  name: 'postgres',
  async run() {
    if (process.env['DATABASE_URL']) return 'the one of DATABASE_URL'
    await emptyDataFolder({ onProgress })
    return 'embedded'
  },
}

const mariadbStep: Step = {
  name: 'mariadb',
  async run() {
    if (process.env['MYSQL_URL']) return 'the one of MYSQL_URL'
    return (await findMariadb({ onProgress })).version
  },
}

const browserStep: Step = {
  name: 'browser',
  async run() {
    const found = await findBrowser()
    const browser = 'missing' in found ? await installBrowser({ onProgress }) : found
    if ('missing' in browser) throw new Error(browser.missing)
    return browser.executablePath
  },
}

/** True when the thing is there. */
async function report(step: Step): Promise<boolean> {
  try {
    console.log(`${step.name}: ${await step.run()}`)
    return true
  } catch (error) {
    console.log(`${step.name}: ${process.env['CI'] ? 'missing' : 'skipped'}: ${reasonOf(error)}`)
    return false
  }
}

function chosenServers(list: string | undefined): readonly ServerName[] {
  const chosen = list === undefined ? serverNames : list.split(',')
  const unknown = chosen.find((name) => !serverNames.includes(name as ServerName))
  if (unknown !== undefined) throw new Error(`--servers has ${unknown}; known are ${serverNames.join(', ')}`)
  return chosen as readonly ServerName[]
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { servers: { type: 'string' }, browser: { type: 'boolean', default: false } } })
  const steps = [...chosenServers(values.servers).map(serverStep), databaseStep, mariadbStep, ...(values.browser ? [browserStep] : [])]
  const present = await Promise.all(steps.map(report))
  return process.env['CI'] && present.includes(false) ? 1 : 0
}

process.exitCode = await main().catch((error: unknown) => {
  console.error(reasonOf(error))
  return 1
})
