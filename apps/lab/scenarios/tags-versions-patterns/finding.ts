import { formatCount } from '../../format/number.ts'
import type { Check, MetricSpec, Series, Table } from '../run-result.ts'
import type { Finding } from '../scenario.ts'
import type { Parameters } from './parameters.ts'
import { judge, settleGuess } from './verdict.ts'
import type { WayId } from './ways/open.ts'

/** One invalidation. */
export interface Point {
  readonly size: number
  readonly ms: number
  readonly commands: number
  /** What the server itself says that those commands took. */
  readonly serverMs: number
  /** Longest read of the bystander meanwhile; `null`: it was over before one ended. */
  readonly pauseMs: number | null
  readonly quietPauseMs: number | null
  /** Entries that are still in memory, though nobody asks for them any more. */
  readonly keysLeft: number
}

export interface LaneFound {
  readonly id: WayId
  readonly label: string
  readonly points: readonly Point[]
  readonly bookkeepingBytes: number
  readonly commandsPerRead: number
  /** Old values that were served although they had been invalidated. */
  readonly oldAfterLoss: { readonly before: number; readonly after: number } | null
}

const metrics: readonly MetricSpec[] = [
  { id: 'ms', label: 'Invalidation of all keys', unit: 'ms', better: 'lower' },
  { id: 'commands', label: 'Commands', unit: 'count', better: 'lower' },
  { id: 'serverMs', label: 'Time of the server in them', unit: 'ms', better: 'lower' },
  { id: 'pauseMs', label: 'Longest read of a bystander meanwhile', unit: 'ms', better: 'lower' },
  { id: 'quietPauseMs', label: 'The same, before it began', unit: 'ms', about: 'What this machine does to a read by itself.' },
  {
    id: 'bookkeepingBytes',
    label: 'Bookkeeping per entry',
    unit: 'bytes',
    better: 'lower',
    about: 'In the memory of the server, the key and the value included.',
  },
  { id: 'commandsPerRead', label: 'Commands per read', unit: 'amount', better: 'lower' },
  { id: 'keysLeft', label: 'Entries left until their time is over', unit: 'count', better: 'lower' },
  {
    id: 'oldAfterLoss',
    label: 'Old values that came back',
    unit: 'count',
    better: 'lower',
    about: 'Of 400, after the bookkeeping was evicted.',
  },
]

export function finding(parameters: Parameters, lanes: readonly LaneFound[]): Finding {
  const guess = settleGuess(lanes)
  return {
    verdict: judge(lanes),
    ...(guess === undefined ? {} : { guess }),
    metrics,
    figures: Object.fromEntries(lanes.map((lane) => [lane.id, metricsOf(lane)])),
    series: lanes.every(({ points }) => points.length > 1) ? [growth(lanes)] : [],
    tables: [points(lanes), losses(lanes)],
    checks: checks(parameters, lanes),
  }
}

function metricsOf({ points, bookkeepingBytes, commandsPerRead, oldAfterLoss }: LaneFound): Record<string, number | null> {
  const last = points.at(-1)
  const none = null
  return {
    ms: last?.ms ?? none,
    commands: last?.commands ?? none,
    serverMs: last?.serverMs ?? none,
    pauseMs: last?.pauseMs ?? none,
    quietPauseMs: last?.quietPauseMs ?? none,
    bookkeepingBytes: last === undefined ? none : bookkeepingBytes,
    commandsPerRead: last === undefined ? none : commandsPerRead,
    keysLeft: last?.keysLeft ?? none,
    oldAfterLoss: oldAfterLoss === null ? none : oldAfterLoss.before + oldAfterLoss.after,
  }
}

function growth(lanes: readonly LaneFound[]): Series {
  return {
    id: 'growth',
    title: 'Time of an invalidation by the number of keys',
    summary: 'What has to name every key grows with their number; what changes one key stays on the ground.',
    x: { label: 'Keys that carry the tag', unit: 'count', values: lanes[0]?.points.map(({ size }) => size) ?? [] },
    y: { label: 'Time', unit: 'ms' },
    lines: lanes.map(({ id, label, points }) => ({ laneId: id, label, values: points.map(({ ms }) => ms) })),
  }
}

function points(lanes: readonly LaneFound[]): Table {
  return {
    id: 'points',
    title: 'Every invalidation',
    columns: [
      { label: 'Lane' },
      { label: 'Keys', unit: 'count' },
      { label: 'Time', unit: 'ms' },
      { label: 'Commands', unit: 'count' },
      { label: 'Server', unit: 'ms' },
      { label: 'Bystander waited', unit: 'ms' },
    ],
    rows: lanes.flatMap(({ label, points }) =>
      points.map(({ size, ms, commands, serverMs, pauseMs }) => [label, size, ms, commands, serverMs, pauseMs]),
    ),
  }
}

const losable: Readonly<Record<WayId, string>> = {
  members: 'the set of members',
  pattern: 'nothing: there is no bookkeeping',
  version: 'the version key',
  token: 'the token and the counter',
}

function losses(lanes: readonly LaneFound[]): Table {
  return {
    id: 'losses',
    title: 'When the bookkeeping is evicted',
    columns: [
      { label: 'Lane' },
      { label: 'Evicted' },
      { label: 'Before the invalidation: old values served', unit: 'count' },
      { label: 'After it', unit: 'count' },
    ],
    rows: lanes.map(({ id, label, oldAfterLoss }) => [label, losable[id], oldAfterLoss?.before ?? null, oldAfterLoss?.after ?? null]),
  }
}

function checks({ keys }: Parameters, lanes: readonly LaneFound[]): Check[] {
  const token = lanes.find(({ id }) => id === 'token')
  const commands = new Set(token?.points.map((point) => point.commands))
  const back = token?.oldAfterLoss === null || token === undefined ? undefined : token.oldAfterLoss.before + token.oldAfterLoss.after
  return [
    {
      name: `Tiercel sends one command, for ${formatCount(keys)} keys as for a tenth of them`,
      value: [...commands].map((count) => formatCount(count)).join(' and ') || 'not measured',
      required: '1',
      ok: commands.size === 1 && commands.has(1),
    },
    {
      name: 'Nothing that Tiercel invalidated comes back when its bookkeeping is lost',
      value: back === undefined ? 'not measured' : `${formatCount(back)} old values`,
      required: '0',
      ok: back === 0,
    },
  ]
}
