import { serverFromEnv, startStandalone } from '@tiercel/test-servers'
import type { Lab } from '../scenarios/lab.ts'

/** A lab for scenarios that ask Valkey and nobody else: its airport is not there, and says so. */
export async function startValkeyLab(): Promise<{ readonly lab: Lab; stop(): Promise<void> }> {
  const server = (await serverFromEnv()) ?? (await startStandalone())
  const refuse = () => Promise.reject(new Error('this lab has no airport'))
  const airport = { label: 'none', isSingleConnection: true, queries: {} as Lab['airport']['queries'], query: refuse, explain: refuse }
  return { lab: { valkey: { url: server.url, label: 'Valkey' }, airport }, stop: () => server.stop() }
}
