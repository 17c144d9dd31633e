import { useId, useState } from 'preact/hooks'
import { formatMoment, formatValue, type Unit } from '../../format/number.ts'
import { type LaneResult, parseSavedRun, quantiles, type RunResult } from '../../scenarios/run-result.ts'
import { FigureTable } from './figure-table.tsx'
import { percentileOf } from './lane-view.ts'

/** Lays an earlier run, read from a file, beside this one. The file stays in the browser. */
export function Comparison({ result }: { result: RunResult }) {
  const id = useId()
  const [earlier, setEarlier] = useState<RunResult>()
  const [problem, setProblem] = useState<string>()
  const read = async (file: File | undefined) => {
    setEarlier(undefined)
    setProblem(undefined)
    if (file === undefined) return
    try {
      if (file.size > 4_000_000) throw new Error('This file is larger than any run.')
      const saved = parseSavedRun(await file.text())
      if (saved.scenario !== result.scenario) throw new Error(`This run is of another scenario: ${saved.title ?? saved.scenario}.`)
      setEarlier(saved)
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error))
    }
  }
  return (
    <div class="comparison">
      <label for={id} class="file">
        Compare with a saved run
        <input id={id} type="file" accept="application/json,.json" onChange={({ currentTarget }) => void read(currentTarget.files?.[0])} />
      </label>
      <div aria-live="polite">
        {problem !== undefined && <p class="problem">{problem}</p>}
        {earlier !== undefined && <ComparisonTable earlier={earlier} result={result} />}
      </div>
    </div>
  )
}

function ComparisonTable({ earlier, result }: { earlier: RunResult; result: RunResult }) {
  const differing = Object.keys({ ...earlier.parameters, ...result.parameters }).filter(
    (name) => earlier.parameters[name] !== result.parameters[name],
  )
  if (earlier.seed !== result.seed) differing.push('seed')
  return (
    <>
      <p class="about">
        The earlier run is of {formatMoment(earlier.startedAt)}.{' '}
        {differing.length === 0 ? 'Both have the same settings.' : `They differ in ${differing.join(', ')}: compare with care.`}
      </p>
      <FigureTable
        label="Earlier run and this run"
        caption="Earlier and now"
        columns={[
          { label: 'Lane' },
          { label: 'Figure' },
          { label: 'earlier', isFigure: true },
          { label: 'now', isFigure: true },
          { label: 'now / earlier', isFigure: true },
        ]}
      >
        {result.lanes.flatMap((lane) => rows(lane, earlier, result))}
      </FigureTable>
    </>
  )
}

function rows(lane: LaneResult, earlier: RunResult, result: RunResult) {
  const before = earlier.lanes.find(({ id }) => id === lane.id)
  const figures: { label: string; unit: Unit; now: number | null; then: number | null }[] = [
    ...quantiles.map((quantile) => ({
      label: `p${quantile * 100}`,
      unit: 'ms' as const,
      now: percentileOf(lane, quantile),
      then: before === undefined ? null : percentileOf(before, quantile),
    })),
    ...result.metrics.map(({ id, label, unit }) => ({ label, unit, now: lane.metrics[id] ?? null, then: before?.metrics[id] ?? null })),
  ]
  return figures
    .filter(({ now, then }) => now !== null || then !== null)
    .map(({ label, unit, now, then }, place) => (
      <tr key={`${lane.id} ${label}`}>
        <th scope="row">{place === 0 ? lane.label : <span class="unseen">{lane.label}</span>}</th>
        <td>{label}</td>
        <td class="figure">{formatValue(then, unit)}</td>
        <td class="figure">{formatValue(now, unit)}</td>
        <td class="figure">{now === null || then === null || then === 0 ? '–' : formatValue(now / then, 'factor')}</td>
      </tr>
    ))
}
