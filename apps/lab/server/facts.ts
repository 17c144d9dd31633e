import { readFileSync } from 'node:fs'
import { availableParallelism, totalmem } from 'node:os'
import { formatBytes, formatCount } from '../format/number.ts'
import type { Fact } from '../scenarios/run-result.ts'

/** What the lab runs on and with; filled as it becomes known. */
export function machineFacts(): Fact[] {
  const cores = availableParallelism()
  return [
    { id: 'machine', label: 'This machine', value: `${cores} ${cores === 1 ? 'core' : 'cores'}, ${formatBytes(totalmem())} of memory` },
    { id: 'runtime', label: 'Runtime', value: `Node.js ${process.versions.node}`, about: `${process.platform} ${process.arch}` },
    { id: 'tiercel', label: 'Cache', value: `Tiercel ${tiercelVersion()}`, about: 'the library of this repository' },
  ]
}

function tiercelVersion(): string {
  const manifest = new URL(import.meta.resolve('tiercel/package.json'))
  return String(JSON.parse(readFileSync(manifest, 'utf8')).version)
}

export function valkeyFact(server: { kind: string; version: string; host: string; port: number }, isOurs: boolean): Fact {
  return {
    id: 'valkey',
    label: 'L2',
    value: `${server.kind === 'valkey' ? 'Valkey' : 'Redis'} ${server.version}`,
    about: `${isOurs ? 'started by the lab' : 'yours, from VALKEY_URL'}, ${server.host}:${server.port}`,
  }
}

export function databaseFacts(
  database: { label: string; kind: string },
  rows: Readonly<Record<string, number>>,
  seed: number,
  scale: number,
): Fact[] {
  const total = Object.values(rows).reduce((sum, count) => sum + count, 0)
  const counted = (['booking', 'flight', 'passenger'] as const).map((table) => `${formatCount(rows[table] ?? 0)} ${table}s`)
  return [
    {
      id: 'database',
      label: 'Database',
      value: database.label,
      about: database.kind === 'embedded' ? 'runs in a worker of this process' : 'yours, from DATABASE_URL',
    },
    {
      id: 'data',
      label: 'Data',
      value: `${counted.join(', ')}; ${formatCount(total)} rows in all`,
      about: `real airports, everything else generated (seed ${seed}, scale ${scale})`,
    },
  ]
}
