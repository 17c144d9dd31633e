import { type RunningServer, type ServerName, startStandalone } from '@tiercel/test-servers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FaultProxy } from '../../src/testing/faults/fault-proxy.ts'
import { type CheckOptions, describeReport } from '../../src/testing/index.ts'
import { testSize } from '../test-size.ts'
import { checkRun, type RunResult, runCoherence } from './coherence-run.ts'
import { type Disturbance, disturbances, inTurn } from './disturbances.ts'
import { workloadOf } from './mostly-reads.ts'
import type { SubjectOptions } from './subject.ts'
import type { Mix } from './workload.ts'

export interface SuitePlan {
  readonly title: string
  readonly servers: readonly ServerName[]
  /** One run for each fault, or one in which they take turns; always the latter when tests are small. On the last of the servers. */
  readonly faults: 'each' | 'in turn'
  readonly cache: Pick<SubjectOptions, 'l1'>
  /** Default: mostly reads, and every kind of change. */
  readonly mix?: Mix
  readonly rules: CheckOptions
  /** What calls may throw while the network is disturbed, as `call: code`. */
  readonly allowedErrors: RegExp
}

const processes = 4
const isSmall = testSize({ small: 1, ci: 0, release: 0 }) === 1
const calmCalls = testSize({ small: 1_000, ci: 50_000, release: 500_000 })
const calmMs = testSize({ small: 4_000, ci: 30_000, release: 300_000 })
const faultMs = testSize({ small: 0, ci: 30_000, release: 120_000 })
const turnMs = testSize({ small: 1_800, ci: 3_000, release: 5_000 })
const faultCallsPerSecond = testSize({ small: 300, ci: 1_000, release: 1_000 })
/** Processes start on a busy machine, and a long log is checked. */
const aroundMs = 90_000

/** What every process reads, whatever it and others do and whatever the network does: nothing wrong, nothing that is stale beyond the bound. */
export function coherenceSuite({ title, servers, faults, cache, mix, rules, allowedErrors }: SuitePlan): void {
  const disturbed: [title: string, Disturbance, overMs: number][] =
    isSmall || faults === 'in turn'
      ? [['one fault after the other', inTurn(Object.values(disturbances), turnMs), turnMs * Object.keys(disturbances).length]]
      : Object.entries(disturbances).map(([fault, disturb]) => [fault, disturb, faultMs])

  describe.each(servers)(`${title}: four processes on %s`, (name) => {
    let server: RunningServer
    let namespaces = 0

    beforeAll(async () => {
      server = await startStandalone({ server: name })
    })
    afterAll(() => server.stop())

    test(
      'nothing disturbed',
      async () => {
        const workload = workloadOf({ seed: title, processes, operations: calmCalls, overMs: calmMs }, mix)
        const run = await runCoherence({ subject: 'tiercel', cache: { ...cache, url: server.url, namespace: namespace() }, workload })
        expect(run.errors).toEqual({})
        const { p999Ms } = expectNothing(run, calmCalls / 25)
        if (!isSmall) expect(p999Ms).toBeLessThanOrEqual(50)
      },
      calmMs * 2 + aroundMs,
    )

    const chosen = name === servers.at(-1) ? disturbed : []
    for (const [title, disturb, overMs] of chosen) {
      test(
        title,
        async () => {
          const run = await runDisturbed(disturb, overMs)
          expect(Object.keys(run.errors).filter((error) => !allowedErrors.test(error))).toEqual([])
          expectNothing(run, 50)
        },
        overMs * 2 + aroundMs,
      )
    }

    async function runDisturbed(disturb: Disturbance, overMs: number): Promise<RunResult> {
      const operations = (faultCallsPerSecond * overMs) / 1_000
      const proxy = await FaultProxy.start(server)
      try {
        return await runCoherence({
          subject: 'tiercel',
          cache: { ...cache, url: proxy.url, namespace: namespace(), stepTimeout: '250ms' },
          workload: workloadOf({ seed: title, processes, operations, overMs, endsThen: true }, mix),
          disturb: (isOver) => disturb(proxy, isOver),
        })
      } finally {
        await proxy.close()
      }
    }

    function namespace(): string {
      namespaces += 1
      return `${title}-${namespaces}`.replaceAll(' ', '-')
    }
  })

  function expectNothing(run: RunResult, leastOvertaken: number): { readonly p999Ms: number } {
    const report = checkRun(run, rules)
    if (!isSmall) console.log(describeReport(report), run.errors, `an event loop was late by ${run.latestMs.toFixed(0)} ms`)
    expect(report.findings, describeReport(report)).toEqual([])
    expect(report.staleness.overtaken).toBeGreaterThan(leastOvertaken)
    return report.staleness
  }
}
