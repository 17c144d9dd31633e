import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type CacheRead,
  type CheckOptions,
  checkHistory,
  describeReport,
  type FindingKind,
  type Invalidation,
  type Operation,
  type SourceChange,
  stampedValue,
  stampOf,
} from '../../src/testing/index.ts'
import { bruteForce } from './brute-force.ts'
import { simulatedHistory, simulatedTagsOf } from './simulated.ts'

const key = 'product:7'
const tagsOf = (): string[] => ['category:1', 'shop']

function change(version: number, startMs: number, endMs: number, more: Partial<SourceChange> = {}): SourceChange {
  return { kind: 'change', key, version, process: 'source', startMs, endMs, outcome: 'committed', ...more }
}

function told(startMs: number, endMs: number, more: Partial<Invalidation> = {}): Invalidation {
  const target = more.tags || more.all ? {} : { keys: [key] }
  return { kind: 'invalidation', call: 'delete', process: 'writer', startMs, endMs, outcome: 'applied', ...target, ...more }
}

function read(version: number | undefined, startMs: number, endMs: number, more: Partial<CacheRead> = {}): CacheRead {
  const found = version === undefined ? {} : { version }
  return { kind: 'read', key, ...found, process: 'reader', startMs, endMs, ...more }
}

function kindsIn(history: readonly Operation[], options: CheckOptions = {}): FindingKind[] {
  return checkHistory(history, { tagsOf, ...options }).findings.map(({ kind }) => kind)
}

const updated = [change(1, 100, 110), told(110, 120)]

describe('good histories', () => {
  test.each<[string, Operation[], CheckOptions?]>([
    ['nothing at all', []],
    ['what the source held first', [read(0, 0, 5)]],
    ['a miss, at any time', [...updated, read(undefined, 5_000, 5_001)]],
    ['the new value as soon as its change has begun', [change(1, 100, 110), read(1, 90, 100)]],
    ['an old value while the invalidation runs', [...updated, read(0, 120, 125)], { maxStaleness: 0 }],
    ['an old value within the bound', [...updated, read(0, 1_120, 1_121)]],
    ['an old value beyond it, within the tolerance', [...updated, read(0, 1_125, 1_126)], { tolerance: 5 }],
    ['an old value for as long as nobody was told', [change(1, 100, 110), read(0, 9_000, 9_001)]],
    ['an invalidation that began before the commit was over', [change(1, 100, 110), told(109, 120), read(0, 9_000, 9_001)]],
    ['an invalidation of another key', [change(1, 100, 110), told(110, 120, { keys: ['product:8'] }), read(0, 9_000, 9_001)]],
    ['an invalidation of another tag', [change(1, 100, 110), told(110, 120, { tags: ['category:2'] }), read(0, 9_000, 9_001)]],
    [
      'an invalidation that is queued',
      [change(1, 100, 110), told(110, 120, { outcome: 'queued', process: 'reader' }), read(0, 9_000, 9_001)],
    ],
    ['an invalidation that failed', [change(1, 100, 110), told(110, 120, { outcome: 'failed', process: 'reader' }), read(0, 9_000, 9_001)]],
    ['a change with an unknown outcome, seen', [change(1, 100, 110, { outcome: 'unknown' }), told(110, 120), read(1, 9_000, 9_001)]],
    ['a change with an unknown outcome, not seen', [change(1, 100, 110, { outcome: 'unknown' }), told(110, 120), read(0, 9_000, 9_001)]],
    ['a change that was aborted', [change(1, 100, 110, { outcome: 'aborted' }), told(110, 120), read(0, 9_000, 9_001)]],
    ['going back before anybody was told', [change(1, 100, 200), read(1, 110, 111), read(0, 112, 113), told(200, 210)]],
    ['going back where all were told between the two', [change(1, 100, 110), read(1, 111, 112), told(113, 120), read(0, 121, 122)]],
    ['older values in reads that overlap', [...updated, read(1, 130, 150), read(0, 150, 151)]],
    ['an older value in another process', [...updated, read(1, 130, 131), read(0, 140, 141, { process: 'other' })]],
  ])('%s', (_, history, options) => {
    expect(kindsIn(history, options)).toEqual([])
  })
})

describe('bad histories', () => {
  test.each<[FindingKind, string, Operation[], CheckOptions?]>([
    ['wrong', 'a value of another key', [read(undefined, 0, 1, { foreign: 'version 3 of "product:8"' })]],
    ['wrong', 'a version that nobody wrote', [...updated, read(2, 130, 131)]],
    ['phantom', 'a change that was aborted', [change(1, 100, 110, { outcome: 'aborted' }), read(1, 130, 131)]],
    ['phantom', 'a value from before its change', [change(1, 100, 110), read(1, 98, 99)]],
    ['stale', 'an old value beyond the bound', [...updated, read(0, 1_121, 1_122)]],
    ['stale', 'an old value beyond bound and tolerance', [...updated, read(0, 1_126, 1_127)], { tolerance: 5 }],
    ['stale', 'an old value where none is allowed', [...updated, read(0, 121, 122)], { maxStaleness: 0 }],
    ['stale', 'an old value in a read that was exact', [...updated, read(0, 121, 122, { exact: true })]],
    ['stale', 'told by a tag', [change(1, 100, 110), told(110, 120, { tags: ['x', 'shop'] }), read(0, 9_000, 9_001)]],
    ['stale', 'told by a clear', [change(1, 100, 110), told(110, 120, { all: true }), read(0, 9_000, 9_001)]],
    ['stale', 'the last but one version', [...updated, change(2, 130, 131), told(131, 140), read(1, 1_141, 1_142)]],
    ['own-write-missed', 'at once', [change(1, 100, 110), told(110, 120, { process: 'reader' }), read(0, 121, 122)]],
    [
      'own-write-missed',
      'queued, where that counts',
      [change(1, 100, 110), told(110, 120, { process: 'reader', outcome: 'queued' }), read(0, 121, 122)],
      { ownQueued: true },
    ],
    ['backwards', 'after both were told of', [...updated, read(1, 130, 131), read(0, 132, 133)]],
    [
      'backwards',
      'told of by nobody, where that counts',
      [change(1, 100, 110), read(1, 111, 112), read(0, 113, 114)],
      { monotonic: 'always' },
    ],
    ['broken-log', 'an end before its start', [read(0, 10, 9)]],
    ['broken-log', 'a time that is no number', [read(0, 10, Number.NaN)]],
    ['broken-log', 'one version twice', [change(1, 0, 1), change(1, 2, 3)]],
    ['broken-log', 'versions against the order of changes', [change(2, 0, 1), change(1, 2, 3)]],
    ['broken-log', 'a version that is no number of a change', [change(0, 0, 1)]],
  ])('%s: %s', (kind, _, history, options) => {
    expect(kindsIn(history, options)).toEqual([kind])
    // In whatever order the logs were put together.
    expect(kindsIn(history.toReversed(), options)).toEqual([kind])
  })

  test('a finding can be followed by a person', () => {
    const report = checkHistory(
      [...updated, change(2, 125, 130), told(130, 150, { call: 'invalidateTag', tags: ['shop'] }), read(0, 2_000, 2_002)],
      {
        tagsOf,
      },
    )
    expect(describeReport(report)).toBe(
      [
        '1 reads (0 misses), 2 changes, 2 invalidations',
        '1 versions overtaken, 1 of them read later: p50 1880.0 ms, p99 1880.0 ms, p99.9 1880.0 ms, max 1880.0 ms',
        '1 stale',
        'stale: "product:7" read as version 0, overtaken by version 1 and the delete that ended 1880.000 ms before, 1000 ms are allowed',
        '       0.000 –    10.000 ms  source: changed the source to version 1, committed',
        '      10.000 –    20.000 ms  writer: delete of "product:7", applied',
        '    1900.000 –  1902.000 ms  reader: read version 0',
      ].join('\n'),
    )
  })
})

describe('staleness', () => {
  test('counts each version that was overtaken once, until it was last read', () => {
    const history = [
      ...updated,
      read(0, 50, 51),
      read(0, 150, 151),
      read(0, 140, 141),
      read(1, 160, 161),
      change(2, 200, 201),
      told(201, 202),
    ]
    expect(checkHistory(history).staleness).toEqual({ overtaken: 2, readLater: 1, p50Ms: 0, p99Ms: 30, p999Ms: 30, maxMs: 30 })
  })

  test('is nothing where nothing was overtaken', () => {
    expect(checkHistory([read(0, 0, 1)]).staleness).toEqual({ overtaken: 0, readLater: 0, p50Ms: 0, p99Ms: 0, p999Ms: 0, maxMs: 0 })
  })
})

describe('options', () => {
  test.each<[CheckOptions, string]>([
    [{ maxStaleness: -1 }, 'TIERCEL_INVALID_DURATION'],
    [{ monotonic: 'never' as 'always' }, 'TIERCEL_INVALID_OPTION'],
    [{ bound: 1 } as CheckOptions, 'TIERCEL_UNKNOWN_OPTION'],
  ])('%j is refused', (options, code) => {
    expect(() => checkHistory([], options)).toThrow(expect.objectContaining({ code }))
  })
})

describe('stamps', () => {
  test('tell the version, and everything that is not a whole value of the key', () => {
    const value = stampedValue(key, 3, 40)
    expect(value.seal).toHaveLength(40)
    expect(stampOf(key, JSON.parse(JSON.stringify(value)))).toEqual({ version: 3 })
    expect(stampOf(key, undefined)).toEqual({})
    expect(stampOf('product:8', value)).toEqual({ foreign: 'version 3 of "product:7"' })
    expect(stampOf(key, { ...value, version: 4 })).toEqual({ foreign: 'a value that is torn' })
    expect(stampOf(key, { ...value, seal: value.seal.slice(1) })).toEqual({ foreign: 'a value that is torn' })
    expect(stampOf(key, null)).toEqual({ foreign: 'something without a stamp: null' })
    expect(stampOf(key, { key })).toEqual({ foreign: 'something without a stamp: {"key":"product:7"}' })
  })
})

describe('made-up histories', () => {
  const seeds = fc.integer({ min: 0, max: 1_000_000 })
  const strict: CheckOptions = { maxStaleness: 0, tagsOf: simulatedTagsOf, monotonic: 'always', ownQueued: true }

  test('a perfect register passes the strictest rules', () => {
    fc.assert(
      fc.property(seeds, (seed) => expectNothing(simulatedHistory({ seed, operations: 300 }), strict)),
      { numRuns: 200 },
    )
  })

  test('a cache that lags by no more than its bound passes', () => {
    fc.assert(
      fc.property(seeds, (seed) =>
        expectNothing(simulatedHistory({ seed, operations: 300, lagMs: 500 }), { ...strict, maxStaleness: 500 }),
      ),
      { numRuns: 200 },
    )
  })

  test.each<[FindingKind, (history: Operation[]) => Operation[]]>([
    ['wrong', (history) => [{ ...newestRead(history), version: 1_000_000 }]],
    ['phantom', (history) => [{ ...newestRead(history), version: newestChange(history).version, startMs: 0, endMs: 1 }]],
    ['stale', (history) => [readOver(history, 501)]],
    ['own-write-missed', (history) => [{ ...readOver(history, 1), process: toldLast(history)[1].process }]],
    ['backwards', (history) => [{ ...readOver(history, 2), version: toldLast(history)[0].version }, readOver(history, 4)]],
  ])('one bad read in a good history is found: %s', (kind, bad) => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const history = simulatedHistory({ seed, operations: 300, lagMs: 500 })
        const { findings } = checkHistory([...history, ...bad(history)], { ...strict, maxStaleness: 500 })
        expect(findings.map((finding) => finding.kind)).toContain(kind)
      }),
      { numRuns: 200 },
    )
  })

  test('whatever was logged, the findings are those of the rules word by word', () => {
    const rules = fc.record({
      maxStalenessMs: fc.constantFrom(0, 2, 5),
      toleranceMs: fc.constantFrom(0, 1),
      monotonic: fc.constantFrom('announced', 'always'),
      ownQueued: fc.boolean(),
    })
    let found = 0
    fc.assert(
      fc.property(anyHistory, rules, (history, { maxStalenessMs, toleranceMs, ...rest }) => {
        const options = { ...rest, tagsOf: (of: string) => (of === 'a' ? ['x', 'y'] : ['y']) }
        const report = checkHistory(history, { ...options, maxStaleness: maxStalenessMs, tolerance: toleranceMs })
        const sound = report.findings.filter(({ kind }) => kind !== 'broken-log')
        found += sound.length
        const places = sound.map(({ kind, operations: [operation] }) => `${kind} ${history.indexOf(operation as Operation)}`)
        expect(places.sort()).toEqual(bruteForce(history, { ...options, maxStalenessMs, toleranceMs }).sort())
      }),
      { numRuns: 3_000 },
    )
    expect(found).toBeGreaterThan(3_000)
  })

  test('the logs of four processes with 50,000 operations each', () => {
    const history = simulatedHistory({ seed: 4, operations: 200_000, keys: 300, processes: 4, lagMs: 0 })
    expectNothing(history, strict)
    // One key that everybody reads and writes is no slower.
    expectNothing(simulatedHistory({ seed: 4, operations: 200_000, keys: 1, processes: 4 }), strict)
  })
})

function expectNothing(history: readonly Operation[], options: CheckOptions): void {
  const report = checkHistory(history, options)
  if (report.findings.length > 0) throw new Error(describeReport(report))
}

function newestRead(history: readonly Operation[]): CacheRead {
  return history.findLast((operation) => operation.kind === 'read') as CacheRead
}

function newestChange(history: readonly Operation[]): SourceChange & { readonly key: string } {
  const { key: of } = newestRead(history)
  const found = history.findLast((operation) => operation.kind === 'change' && operation.key === of)
  return found as SourceChange
}

/** A change, and an applied invalidation of its key that tells of it. */
function toldLast(history: readonly Operation[]): [SourceChange, Invalidation] {
  const changes = history.filter((operation) => operation.kind === 'change')
  for (const candidate of changes.toReversed()) {
    const by = history.find(
      (operation): operation is Invalidation =>
        operation.kind === 'invalidation' &&
        operation.outcome === 'applied' &&
        operation.startMs >= candidate.endMs &&
        (operation.all === true || operation.keys?.includes(candidate.key) === true),
    )
    if (by !== undefined) return [candidate, by]
  }
  throw new Error('no change was told of')
}

/** A read of the version before a change, so long after it was told of. */
function readOver(history: readonly Operation[], afterMs: number): CacheRead {
  const [{ key: of, version }, { endMs }] = toldLast(history)
  return read(version - 1, endMs + afterMs, endMs + afterMs + 1, { key: of, process: 'p9' })
}

const anyHistory = fc
  .record({
    changes: fc.uniqueArray(
      fc.record({
        kind: fc.constant('change' as const),
        key: fc.constantFrom('a', 'b'),
        version: fc.integer({ min: 1, max: 5 }),
        outcome: fc.constantFrom('committed' as const, 'committed' as const, 'unknown' as const, 'aborted' as const),
      }),
      { selector: ({ key: of, version }) => `${of}${version}`, maxLength: 6 },
    ),
    invalidations: fc.array(
      fc.record(
        {
          kind: fc.constant('invalidation' as const),
          call: fc.constant('delete'),
          keys: fc.subarray(['a', 'b']),
          tags: fc.subarray(['x', 'y']),
          all: fc.boolean(),
          outcome: fc.constantFrom('applied' as const, 'applied' as const, 'queued' as const, 'failed' as const),
        },
        { requiredKeys: ['kind', 'call', 'outcome'] },
      ),
      { maxLength: 6 },
    ),
    reads: fc.array(
      fc.record(
        {
          kind: fc.constant('read' as const),
          key: fc.constantFrom('a', 'b'),
          version: fc.integer({ min: 0, max: 5 }),
          exact: fc.boolean(),
        },
        { requiredKeys: ['kind', 'key'] },
      ),
      { maxLength: 8 },
    ),
    spans: fc.array(fc.tuple(fc.constantFrom('p', 'q'), fc.integer({ min: 0, max: 25 }), fc.integer({ min: 0, max: 6 })), {
      minLength: 20,
      maxLength: 20,
    }),
  })
  .map(({ changes, invalidations, reads, spans }): Operation[] =>
    [...changes, ...invalidations, ...reads].map((operation, at) => {
      const [process, startMs, lengthMs] = spans[at] as [string, number, number]
      return { ...operation, process, startMs, endMs: startMs + lengthMs }
    }),
  )
