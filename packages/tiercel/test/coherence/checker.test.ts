import { type RunningServer, startStandalone } from '@tiercel/test-servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import { describeReport } from '../../src/testing/index.ts'
import { testSize } from '../test-size.ts'
import { checkRun, runCoherence } from './coherence-run.ts'
import { spells } from './disturbances.ts'
import { workloadOf } from './mostly-reads.ts'

const processes = 4
const workload = workloadOf({
  seed: 'checker',
  processes,
  operations: testSize({ small: 3_000, ci: 10_000, release: 50_000 }),
  overMs: testSize({ small: 7_000, ci: 10_000, release: 30_000 }),
})

/** The judge is judged: what has no cache is clean, and what a naive cache does wrong is found. */
describe('four processes that make random calls', () => {
  let server: RunningServer

  beforeAll(async () => {
    server = await startStandalone()
  })
  afterAll(() => server.stop())

  test('without a cache: nothing is found by the strictest rules', async () => {
    const run = await runCoherence({ subject: 'none', cache: { url: server.url, namespace: 'none' }, workload })
    const report = checkRun(run, { maxStaleness: 0, monotonic: 'always', ownQueued: true })
    expect(report.findings, describeReport(report)).toEqual([])
    expect(run.errors).toEqual({})
    expect(report.reads).toBeGreaterThan(processes * workload.operations * 0.8)
    expect(report.staleness.overtaken).toBeGreaterThan(processes * workload.operations * 0.05)
  })

  test('a naive cache whose messages are lost for a while: what is stale is found, and own writes that are missed', async () => {
    const proxy = await FaultProxy.start(server)
    const lost = spells(
      { flow: 'drop' },
      { direction: 'to-client', where: (link) => link.hasSent('subscribe') },
      { onMs: 2_500, offMs: 500 },
    )
    try {
      const run = await runCoherence({
        subject: 'naive',
        cache: { url: proxy.url, namespace: 'naive' },
        workload,
        sourceDelayMs: 60,
        disturb: (isOver) => lost(proxy, isOver),
      })
      const report = checkRun(run, { maxStaleness: '1s', tolerance: 5 })
      expect(report.findings.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['stale', 'own-write-missed']))
      expect(report.findings.filter(({ kind }) => ['wrong', 'phantom', 'broken-log'].includes(kind))).toEqual([])
      expect(run.errors).toEqual({})
    } finally {
      await proxy.close()
    }
  })
})
