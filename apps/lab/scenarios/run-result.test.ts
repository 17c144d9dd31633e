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
  version: 2,
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

test('a run of version 1 is read as one without what came later', () => {
  const { waited: _waited, refreshed: _refreshed, ...before } = lane.outcomes as Record<string, number>
  const old = { ...saved, version: 1, lanes: [{ ...lane, outcomes: before }] }
  expect(parseSavedRun(JSON.stringify(old))).toEqual({ ...saved, timelines: [] })
})

test.each([
  ['no JSON', 'This is not JSON.'],
  ['[]', 'This file is not a run saved by the lab.'],
  ['null', 'This file is not a run saved by the lab.'],
  [JSON.stringify({ ...saved, version: 3 }), 'This run has version 3 of the format; this lab reads versions 1 and 2.'],
  [JSON.stringify({ ...saved, lanes: [{}] }), 'This run is damaged: its lanes cannot be read.'],
  [JSON.stringify({ ...saved, lanes: [{ ...lane, metrics: { queries: '<b>' } }] }), 'This run is damaged: its lanes cannot be read.'],
  [JSON.stringify({ ...saved, parameters: [] }), 'This run is damaged: its parameters cannot be read.'],
])('%s is refused', (text, message) => {
  expect(() => parseSavedRun(text)).toThrow(message)
})
