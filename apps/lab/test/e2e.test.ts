import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findBrowser } from '@tiercel/test-servers/browser'
import type { AxeResults } from 'axe-core'
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from 'playwright-core'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formatCount, formatValue } from '../format/number.ts'
import type { RunResult } from '../scenarios/run-result.ts'
import { readAssets } from '../server/assets.ts'
import { createLabServer, type LabServer } from '../server/lab-server.ts'
import { countsOf } from './counts.ts'

const found = await findBrowser()
const missing = 'missing' in found ? found.missing : undefined
if (missing !== undefined && process.env['CI']) throw new Error(`The browser tests must run where CI is set: ${missing}`)

const soon = { timeout: 10_000 }
const scenario = '/scenario/what-a-cache-saves'
const small = `${scenario}?query=manifest&requests=300&keys=30&instances=1&budget=5&seed=9`
const herd = '/scenario/stampede?source=timed&processes=2&rate=40&ttl=400&load=100&expiries=1&lease=200'
const update = '/scenario/who-sees-the-update?fault=none&seconds=5&updateEvery=400&maxStaleness=500'
const ages = '/scenario/ttl-and-ages?ttl=400&grace=3000&load=80&every=50&readers=2&seconds=3&backoff=200'

describe.skipIf(missing !== undefined)(`the lab in Chromium${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let folder: string
  let server: LabServer
  let browser: Browser
  let base: string
  let axe: string

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tiercel-lab-page-'))
    const configFile = fileURLToPath(new URL('../vite.config.ts', import.meta.url))
    await build({ configFile, logLevel: 'silent', build: { outDir: folder } })
    server = createLabServer({ assets: readAssets(folder), scale: 0.01 })
    base = `http://127.0.0.1:${await server.listen(0)}`
    axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
    if ('missing' in found) return
    browser = await chromium.launch({ executablePath: found.executablePath, args: [...found.args] })
    await server.lab.ready
  })

  afterAll(async () => {
    await browser?.close()
    await server?.close()
    await rm(folder, { recursive: true, force: true })
  })

  /** Opens a page that fails its test when anything is logged as an error, or asked of another host. */
  async function visit(address: string, options: BrowserContextOptions, use: (page: Page) => Promise<void>): Promise<void> {
    const context = await browser.newContext(options)
    const wrong: string[] = []
    try {
      const page = await context.newPage()
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') wrong.push(message.text())
      })
      page.on('pageerror', (error) => wrong.push(error.message))
      page.on('request', (request) => {
        if (!request.url().startsWith(`${base}/`) && !request.url().startsWith('data:')) wrong.push(`asked ${request.url()}`)
      })
      await page.goto(base + address)
      await use(page)
      expect(wrong).toEqual([])
    } finally {
      await context.close()
    }
  }

  async function expectAccessible(page: Page): Promise<void> {
    await page.evaluate(axe)
    const { violations } = await page.evaluate<AxeResults>('axe.run(document, { resultTypes: ["violations"] })')
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)).toEqual([])
  }

  async function runToResult(page: Page): Promise<RunResult> {
    await page.getByRole('button', { name: 'Run', exact: true }).click()
    await page.locator('.result').waitFor({ timeout: 60_000 })
    const id = await page.locator('.result').getAttribute('data-run')
    return page.evaluate<RunResult>(`fetch('/api/runs/${id}/file').then((response) => response.json())`)
  }

  const hasFocus = (locator: Locator) => locator.and(locator.page().locator(':focus')).count()
  const hasNoSidewaysScroll = (page: Page) => page.evaluate<boolean>('document.documentElement.scrollWidth <= innerWidth')

  test('from the board to a scenario by keyboard alone', async () => {
    await visit('/', {}, async (page) => {
      await page.getByRole('heading', { name: 'Departures' }).waitFor()
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.activeElement.textContent')).toContain('Skip to the content')
      const link = page.getByRole('link', { name: 'What a cache saves' })
      for (let presses = 0; presses < 20 && (await hasFocus(link)) === 0; presses++) {
        await page.keyboard.press('Tab')
      }
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { level: 1, name: 'How much of the waiting' }).waitFor()
      expect(new URL(page.url()).pathname).toBe(scenario)
      const guess = page.getByRole('radio', { name: 'Half to nine tenths' })
      await guess.focus()
      await page.keyboard.press('Space')
      expect(await guess.isChecked()).toBe(true)
      await page.goBack()
      await page.getByRole('heading', { name: 'Departures' }).waitFor()
    })
  })

  test('a run shows the figures of its JSON', async () => {
    await visit(small, {}, async (page) => {
      await page.getByRole('radio', { name: 'More than nine tenths' }).check()
      const result = await runToResult(page)
      expect(result.parameters).toMatchObject({ query: 'manifest', requests: 300, keys: 30 })
      expect(result.seed).toBe(9)
      for (const lane of result.lanes) {
        const row = page.locator(`#percentiles tr[data-lane="${lane.id}"]`)
        expect(await row.locator('[data-figure="requests"]').textContent()).toBe(formatCount(lane.requests))
        expect(await row.locator('[data-figure="mean"]').textContent()).toBe(formatValue(lane.latency.meanMs, 'ms'))
        expect(await row.locator('[data-figure="p50"]').textContent()).toContain(formatValue(lane.latency.percentiles[0]?.ms, 'ms'))
        for (const { id, unit } of result.metrics) {
          const cell = page.locator(`#metrics tr[data-metric="${id}"] [data-lane="${lane.id}"]`)
          expect(await cell.textContent()).toBe(formatValue(lane.metrics[id], unit))
        }
      }
      const verdict = (await page.locator('.verdict-text').textContent())?.trim()
      expect(verdict).toBe(result.verdict.sentence.replaceAll('`', ''))
      expect(result.checks.every(({ ok }) => ok)).toBe(true)
      await page.locator('.series canvas').waitFor()
      await expectAccessible(page)
    })
  })

  test('an address is a run: opened again, it gives the same counts', async () => {
    const outcomes = async () => {
      let counts: unknown
      await visit(small, {}, async (page) => {
        counts = countsOf(await runToResult(page))
      })
      return counts
    }
    expect(await outcomes()).toEqual(await outcomes())
  })

  test('settings go into the address, and come back from it', async () => {
    await visit(scenario, {}, async (page) => {
      await page.getByRole('radio', { name: 'One flight' }).check()
      await page.getByText('More settings').click()
      await page.getByLabel('Seed').fill('77')
      await expect.poll(() => page.url(), soon).toContain('query=flight')
      await expect.poll(() => page.url(), soon).toContain('seed=77')
      await page.reload()
      expect(await page.getByRole('radio', { name: 'One flight' }).isChecked()).toBe(true)
    })
    await visit(`${scenario}?query=flight&skew=99&colour=red`, {}, async (page) => {
      await page.getByText('skew: got 99, allowed is a number from 0 to 1.5').waitFor()
      await page.getByText('colour: there is no such parameter').waitFor()
      expect(await page.getByRole('radio', { name: 'One flight' }).isChecked()).toBe(true)
    })
  })

  test('a run can be stopped, and what it measured stays', async () => {
    await visit(`${scenario}?query=itinerary&requests=100000&budget=60`, {}, async (page) => {
      await page.getByRole('button', { name: 'Run', exact: true }).click()
      await page.getByText('measuring').waitFor({ timeout: 30_000 })
      await page.getByRole('button', { name: 'Stop' }).click()
      await page.getByText('Stopped; what was measured until then is shown.').waitFor({ timeout: 30_000 })
    })
  })

  test('a saved run is laid beside a new one, and a file that is none is refused', async () => {
    await visit(small, {}, async (page) => {
      const result = await runToResult(page)
      const file = (text: string) => ({ name: 'run.json', mimeType: 'application/json', buffer: Buffer.from(text) })
      await page.getByLabel('Compare with a saved run').setInputFiles(file('{"no":"run"}'))
      await page.getByText('This file is not a run saved by the lab.').waitFor()
      await page.getByLabel('Compare with a saved run').setInputFiles(file(JSON.stringify(result)))
      await page.getByText('Both have the same settings.').waitFor()
      await page.getByRole('cell', { name: '1.0×' }).first().waitFor()
    })
  })

  test('the question back explains its wrong answers', async () => {
    await visit(scenario, {}, async (page) => {
      await page.getByLabel('About 5 ms').check()
      await page.getByText('That is the mean').waitFor()
      await page.getByLabel('About 100 ms').check()
      await page.getByText('The misses are the slowest five').waitFor()
    })
  })

  test('the tour leads to a result and ends', async () => {
    await visit('/', { reducedMotion: 'reduce' }, async (page) => {
      await page.getByRole('button', { name: 'Take the tour' }).click()
      const next = page.getByRole('region', { name: 'Tour' }).getByRole('button', { name: 'Next' })
      await next.click()
      await next.click()
      await page.locator('.result').waitFor({ timeout: 60_000 })
      await next.click()
      await next.click()
      await page.getByRole('region', { name: 'Tour' }).getByRole('button', { name: 'Done' }).click()
      await expect.poll(() => page.getByRole('region', { name: 'Tour' }).count(), soon).toBe(0)
    })
  })

  test.each(['light', 'dark'] as const)('nothing is wrong with the board and an unrun scenario for axe, %s', async (colorScheme) => {
    await visit('/', { colorScheme }, async (page) => {
      await page.getByText('Six real requests a second').waitFor()
      await expectAccessible(page)
    })
    await visit(scenario, { colorScheme }, async (page) => {
      await page.getByText('More settings').click()
      await page.locator('.exhibit pre').first().waitFor()
      await expectAccessible(page)
    })
  })

  test('dark where the system is dark', async () => {
    const background = 'getComputedStyle(document.body).backgroundColor'
    await visit('/', { colorScheme: 'dark' }, async (page) => expect(await page.evaluate(background)).toBe('rgb(19, 20, 22)'))
    await visit('/', { colorScheme: 'light' }, async (page) => expect(await page.evaluate(background)).toBe('rgb(250, 249, 246)'))
  })

  test.each([320, 390, 768])('nothing sticks out of a screen %s wide', async (width) => {
    const options = { viewport: { width, height: 800 }, isMobile: width < 700, hasTouch: true }
    await visit('/', options, async (page) => {
      await page.getByRole('heading', { name: 'Departures' }).waitFor()
      expect(await hasNoSidewaysScroll(page)).toBe(true)
    })
    await visit(small, options, async (page) => {
      await runToResult(page)
      await page.locator('.series canvas').waitFor()
      expect(await hasNoSidewaysScroll(page)).toBe(true)
    })
  })

  test('a stampede over real processes: what the timeline draws is in its table and in the JSON', async () => {
    await visit(herd, {}, async (page) => {
      await page.getByRole('radio', { name: 'More than twenty' }).check()
      const result = await runToResult(page)
      expect(result.parameters).toMatchObject({ source: 'timed', processes: 2, kill: false })
      expect(result.lanes).toHaveLength(6)
      expect(await page.locator('.track svg').count()).toBe(6)
      for (const { laneId, loads } of result.timelines[0]?.tracks ?? []) {
        expect(await page.locator(`.track[data-lane="${laneId}"] .load`).count()).toBe(loads.length)
      }
      await page.locator('.timeline summary').click()
      await page.getByRole('columnheader', { name: 'Oldest answer' }).waitFor()
      await expectAccessible(page)
    })
  })

  test.each([
    [320, 'dark'],
    [1280, 'light'],
  ] as const)('the ages of a key, %s wide and %s', async (width, colorScheme) => {
    await visit(ages, { viewport: { width, height: 800 }, colorScheme }, async (page) => {
      const result = await runToResult(page)
      const [plain, graced] = result.lanes
      expect(plain?.outcomes.error).toBeGreaterThan(0)
      expect(graced?.outcomes.error).toBe(0)
      await page.locator('.timeline-keys').getByText('stale').waitFor()
      await page.locator('.track .span').first().waitFor()
      expect(await hasNoSidewaysScroll(page)).toBe(true)
      await expectAccessible(page)
    })
  })

  test.each([
    [320, 'dark'],
    [1280, 'light'],
  ] as const)('a link is cut by hand while the run goes on, %s wide and %s', async (width, colorScheme) => {
    await visit(update, { viewport: { width, height: 800 }, colorScheme }, async (page) => {
      const acted = page.waitForResponse((response) => response.url().includes('/actions/cut'), { timeout: 30_000 })
      const cut = page.getByRole('button', { name: 'Cut the link' })
      const hasCut = page
        .locator('#experiment .track .mark')
        .first()
        .waitFor({ timeout: 30_000 })
        .then(() => cut.click())
      const result = await runToResult(page)
      await hasCut
      expect((await acted).status()).toBe(202)
      expect(result.timelines[0]?.spans).toMatchObject([{ label: 'link cut' }])
      await page.locator('#result .track .span').first().waitFor()
      expect(await page.locator('#result .track').count()).toBe(3)
      expect(await hasNoSidewaysScroll(page)).toBe(true)
      await expectAccessible(page)
    })
  })

  test('what does not exist says so and leads back', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.goto(`${base}/scenario/nothing`)
    await page.getByRole('heading', { name: 'There is no such scenario.' }).waitFor()
    await page.getByRole('link', { name: 'Back to the departures board' }).click()
    await page.getByRole('heading', { name: 'Departures' }).waitFor()
    await context.close()
  })
})
