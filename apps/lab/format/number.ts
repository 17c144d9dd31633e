/**
 * How the lab writes numbers, in the page, in verdicts and on the terminal: a unit on everything, groups of three held together by a
 * narrow no-break space, two significant digits for what was measured (noise allows no more), every digit for what was counted.
 */
export type Unit = 'ms' | 'count' | 'amount' | 'share' | 'factor' | 'bytes' | 'perSecond'

/** Narrow no-break space: between groups of digits, and between a number and its unit. */
export const thinSpace = '\u202f'

export function formatValue(value: number | null | undefined, unit: Unit): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–'
  return formatters[unit](value)
}

const formatters: Record<Unit, (value: number) => string> = {
  ms: formatDuration,
  count: formatCount,
  amount: (value) => formatSignificant(value),
  share: formatShare,
  factor: formatFactor,
  bytes: formatBytes,
  perSecond: (value) => `${formatSignificant(value)}${thinSpace}/s`,
}

/** `1.8 to 1.9 ms`: the unit once, where both have the same. */
export function formatInterval(lowMs: number, highMs: number): string {
  const [low, lowUnit] = formatDuration(lowMs).split(thinSpace)
  const high = formatDuration(highMs)
  return high.endsWith(`${thinSpace}${lowUnit}`) ? `${low} to ${high}` : `${formatDuration(lowMs)} to ${high}`
}

/** `1 234 567` */
export function formatCount(value: number): string {
  return group(String(Math.round(value)))
}

/** Two significant digits: `0.012`, `4.3`, `130`, `1 200`. */
export function formatSignificant(value: number, digits = 2): string {
  if (value === 0) return '0'
  const rounded = Number(value.toPrecision(digits))
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))))
  return group(rounded.toFixed(Math.min(decimals, 20)))
}

const durationUnits = [
  { name: 'ns', ms: 1e-6, below: 1e-3 },
  { name: 'µs', ms: 1e-3, below: 0.1 },
  { name: 'ms', ms: 1, below: 1000 },
  { name: 's', ms: 1000, below: 120_000 },
  { name: 'min', ms: 60_000, below: Number.POSITIVE_INFINITY },
] as const

/** `850 ns`, `1.4 µs`, `0.13 ms`, `4.3 ms`, `1.2 s`, `3.0 min`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return `0${thinSpace}ms`
  const rounded = Math.abs(Number(ms.toPrecision(2)))
  const unit = durationUnits.find(({ below }) => rounded < below) ?? durationUnits[4]
  return `${formatSignificant(ms / unit.ms)}${thinSpace}${unit.name}`
}

/** `0 %`, `<0.1 %`, `4.2 %`, `96 %`, `99.3 %`, `>99.9 %`, `100 %`: never rounded up to all or down to nothing. */
export function formatShare(share: number): string {
  const percent = share * 100
  const text = percent === 0 || percent === 100 ? String(percent) : partialPercent(percent)
  return `${text}${thinSpace}%`
}

function partialPercent(percent: number): string {
  if (percent > 0 && percent < 0.1) return '<0.1'
  if (percent > 99.9 && percent < 100) return '>99.9'
  const isNearAnEnd = percent < 10 || percent > 99
  return isNearAnEnd ? percent.toFixed(1) : percent.toFixed(0)
}

/** `46×`, `1.3×`, `0.92×`. */
export function formatFactor(factor: number): string {
  return `${formatSignificant(factor)}×`
}

const byteUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const

/** Decimal units, as disks and networks count: `512 B`, `1.3 kB`, `4.7 MB`. */
export function formatBytes(bytes: number): string {
  const rounded = Math.abs(Number(bytes.toPrecision(2)))
  const step = rounded < 1000 ? 0 : Math.min(byteUnits.length - 1, Math.floor(Math.log10(rounded) / 3))
  const text = step === 0 ? formatCount(bytes) : formatSignificant(bytes / 1000 ** step)
  return `${text}${thinSpace}${byteUnits[step]}`
}

function group(text: string): string {
  const [whole = '', fraction] = text.split('.')
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, thinSpace)
  return fraction === undefined ? grouped : `${grouped}.${fraction}`
}

const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

/** `21 Nov 2026, 12:28`, in the reader's time zone. */
export function formatMoment(iso: string): string {
  return moment.format(new Date(iso))
}
