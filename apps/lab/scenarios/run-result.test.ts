import { expect, test } from 'vitest'
import { outcomes } from './outcome.ts'
import { parseSavedRun } from './run-result.ts'

const lane = {
  id: 'none',
  label: 'No cache',
  latency: { percentiles: [{ quantile: 0.5, ms: 1.5 }] },
  metrics: { queries: 10, l1Share: null },
  outcomes: Object.fromEntries(outcomes.map((outcome) => [outcome, 0])),
}
const saved = {
  format: 'tiercel-lab-run',
  version: 1,
  scenario: 'what-a-cache-saves',
  startedAt: '2026-11-21T12:00:00.000Z',
  parameters: { query: 'flight' },
  seed: 42,
  lanes: [lane],
  metrics: [{ id: 'queries', label: 'Queries', unit: 'count' }],
}

test('a saved run is read back', () => {
  expect(parseSavedRun(JSON.stringify(saved))).toEqual(saved)
})

test.each([
  ['no JSON', 'This is not JSON.'],
  ['[]', 'This file is not a run saved by the lab.'],
  ['null', 'This file is not a run saved by the lab.'],
  [JSON.stringify({ ...saved, version: 2 }), 'This run has version 2 of the format; this lab reads version 1.'],
  [JSON.stringify({ ...saved, lanes: [{}] }), 'This run is damaged: its lanes cannot be read.'],
  [JSON.stringify({ ...saved, lanes: [{ ...lane, metrics: { queries: '<b>' } }] }), 'This run is damaged: its lanes cannot be read.'],
  [JSON.stringify({ ...saved, parameters: [] }), 'This run is damaged: its parameters cannot be read.'],
])('%s is refused', (text, message) => {
  expect(() => parseSavedRun(text)).toThrow(message)
})
