import { createClient } from '@redis/client'
import { type RunningServer, serverFromEnv, startStandalone } from '@tiercel/test-servers'
import { afterAll, beforeAll } from 'vitest'
import { runScenario } from '../measure/run-scenario.ts'
import type { Lab } from '../scenarios/lab.ts'
import type { RunEvent } from '../scenarios/live.ts'
import { checkSettings } from '../scenarios/parameters.ts'
import type { RunResult } from '../scenarios/run-result.ts'
import type { Scenario } from '../scenarios/scenario.ts'

export interface MeasureOptions {
  readonly signal?: AbortSignal
  readonly onEvent?: (event: RunEvent) => void
  readonly onListener?: (act: (action: string) => void) => void
}

export interface ValkeyLab {
  /** @param given parameters of the scenario; those that are not given have their defaults */
  measure(scenario: Scenario, given: Record<string, unknown>, options?: MeasureOptions): Promise<RunResult>
  /** Names on the server that have this in them. */
  keysWith(part: string): Promise<string[]>
}

/** For the tests of a file: a lab for scenarios that ask Valkey and nobody else. Its airport is not there, and says so. */
export function useValkeyLab(): ValkeyLab {
  let server: Pick<RunningServer, 'url' | 'stop'>

  beforeAll(async () => {
    server = (await serverFromEnv()) ?? (await startStandalone())
  })
  afterAll(() => server?.stop())

  const refuse = () => Promise.reject(new Error('this lab has no airport'))
  const airport = { label: 'none', isSingleConnection: true, queries: {} as Lab['airport']['queries'], query: refuse, explain: refuse }
  return {
    measure(scenario, given, { signal = new AbortController().signal, onEvent = () => undefined, onListener = () => undefined } = {}) {
      const lab: Lab = { valkey: { url: server.url, label: 'Valkey' }, airport }
      const settings = checkSettings(scenario.parameters, given)
      return runScenario({ scenario, settings, lab, environment: [], signal, onEvent, onListener })
    },
    async keysWith(part) {
      const client = await createClient({ url: server.url }).connect()
      const keys = await client.keys(`*${part}*`)
      client.destroy()
      return keys
    },
  }
}
