import type { CheckReport, FigureReport, Ratio, Report } from './report.ts'
import type { Summary } from './statistics.ts'

/** The report as text for a terminal. */
export function renderReport(report: Report): string {
  return [
    renderHeading(report),
    ...report.figures.map((figure) => renderFigure(figure, report.ratios)),
    renderChecks(report.checks),
    ...report.failures.map(({ trial, subject, reason }) => `FAILED  ${trial}: ${subject}\n${reason}`),
  ].join('\n\n')
}

function renderHeading({ suite, machine, versions }: Report): string {
  const memoryGiB = Math.round(machine.memoryBytes / 2 ** 30)
  const load = machine.loadBefore[0]?.toFixed(1)
  return [
    `suite ${suite}: medians of ${machine.rounds} ${machine.rounds === 1 ? 'round' : 'rounds'}${machine.isQuick ? ' (quick: too short to trust)' : ''}`,
    `${machine.cpu}, ${machine.cores} cores, ${memoryGiB} GiB, ${machine.platform}, load ${load} before the run`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(', '),
  ].join('\n')
}

function renderFigure(figure: FigureReport, ratios: readonly Ratio[]): string {
  const rows = 'by' in figure ? speedRows(figure, ratios) : countRows(figure)
  return `${figure.name}: ${figure.title}\n${align(rows)}`
}

/** The clock that decides stands first. */
function speedRows(figure: Extract<FigureReport, { by: string }>, ratios: readonly Ratio[]): string[][] {
  const [first, second] = figure.by === 'cpu' ? (['cpu', 'wall'] as const) : (['wall', 'cpu'] as const)
  const times = (subject: string, by: 'cpu' | 'wall'): string => {
    if (subject === figure.baseline) return '1'
    const found = ratios.find(
      (item) => item.figure === figure.name && item.subject === subject && item.against === figure.baseline && item.by === by,
    )
    return found === undefined ? '' : digits(found.median)
  }
  const header = ['', 'CPU µs/op', '±', 'op/CPU s', 'op/s', '±', `× ${figure.baseline} (${first})`, `(${second})`]
  const rows = figure.subjects.map(({ subject, cpuUsPerOperation: cpu, operationsPerSecond: wall }) => [
    subject,
    digits(cpu.median),
    spread(cpu),
    rate(1_000_000 / cpu.median),
    rate(wall.median),
    spread(wall),
    times(subject, first),
    times(subject, second),
  ])
  return [header, ...rows]
}

function countRows(figure: Extract<FigureReport, { unit: string }>): string[][] {
  const header = ['', figure.unit, '±']
  return [header, ...figure.subjects.map(({ subject, value }) => [subject, digits(value.median), spread(value)])]
}

function renderChecks(checks: readonly CheckReport[]): string {
  const rows = checks.map(({ name, value, required, ok }) => [
    name,
    value === null ? 'not measured' : digits(value),
    `${required}`,
    ok ? 'ok' : 'SHORT',
  ])
  return `checks\n${align([['', 'measured', 'required', ''], ...rows])}`
}

/** First column to the left, numbers to the right. */
function align(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const cell = (text: string, column: number): string => (column === 0 ? text.padEnd(widths[0] ?? 0) : text.padStart(widths[column] ?? 0))
  return rows.map((row) => `  ${row.map(cell).join('   ')}`.trimEnd()).join('\n')
}

/** Half the distance between the extremes, in percent of the median. */
function spread({ median, min, max }: Summary): string {
  return median === 0 ? '' : `${Math.round(((max - min) / 2 / median) * 100)} %`
}

/** Three significant digits. */
function digits(value: number): string {
  return value >= 1_000 ? Math.round(value).toString() : Number(value.toPrecision(3)).toString()
}

function rate(perSecond: number): string {
  if (perSecond >= 1_000_000) return `${digits(perSecond / 1_000_000)} M`
  return perSecond >= 10_000 ? `${digits(perSecond / 1_000)} k` : digits(perSecond)
}
