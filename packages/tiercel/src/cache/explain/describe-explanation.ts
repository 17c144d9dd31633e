import type { ExplainedEntry, ExplainedTag, Explanation, L1Explanation, L2Explanation, LinkExplanation } from './explanation.ts'
import { span } from './span.ts'

/**
 * An explanation as text of a few lines: the verdict, what each tier has, the tags, the link.
 *
 * @example
 * console.log(describeExplanation(await cache.explain(['product', 7])))
 */
export function describeExplanation(explanation: Explanation): string {
  const { storedKey, verdict, l1, l2, link, isQueued, isLoading, isChanging } = explanation
  const lines = [storedKey, verdict, `L1: ${l1Text(l1)}`, ...tagLines(l1), `L2: ${l2Text(l2)}`, ...tagLines(l2), `link: ${linkText(link)}`]
  if (isQueued) lines.push('an invalidation by this process waits for the server')
  if (isLoading) lines.push('this process is loading it')
  if (isChanging) lines.push('this process is changing its source')
  return lines.join('\n')
}

function l1Text(l1: L1Explanation): string {
  if (l1.kind !== 'value') return l1.kind
  const doubts = l1.doubts.length === 0 ? 'not doubted' : `doubted: ${l1.doubts.join(', ')}`
  return `${entryText(l1)}, checked ${span(l1.checkedMsAgo)} ago, ${doubts}`
}

function l2Text(l2: L2Explanation): string {
  if (l2.kind === 'off' || l2.kind === 'nothing') return l2.kind
  if (l2.kind === 'away') return `away, ${l2.code ?? l2.message}`
  const end = l2.serverTtlMs === null ? '' : `, the server drops it in ${span(l2.serverTtlMs)}`
  if (l2.kind === 'lease') return `a lease of ${span(l2.lengthMs)}${end}`
  if (l2.kind === 'error') return `a failed load, ${l2.name}: ${l2.message}${end}`
  if (l2.kind === 'unusable') return `unusable, ${l2.reason}, ${l2.sizeBytes} bytes${end}`
  if (l2.kind === 'fence') {
    const owners = l2.owners.map(({ owner, leftMs }) => `${owner ?? 'nobody'} for ${span(leftMs)}`)
    return `a fence${l2.isContended ? ', contended' : ''}: ${owners.join(', ') || 'nobody'}${end}`
  }
  const format = `codec ${l2.codec}${l2.compression === 0 ? '' : `, compression ${l2.compression}`}${l2.isSealed ? ', sealed' : ''}`
  return `${l2.content === 'value' ? '' : `${l2.content}, `}${entryText(l2)}, ${format}${end}`
}

function entryText({ age, version, sizeBytes, ageMs, ttlLeftMs, graceLeftMs }: ExplainedEntry): string {
  const parts = [age, version === null ? 'no version' : `version ${version}`, `${sizeBytes} bytes`]
  if (ageMs !== null) parts.push(`${span(ageMs)} old`)
  if (ttlLeftMs !== null) parts.push(`ttl ${span(ttlLeftMs)}`)
  if (graceLeftMs !== null) parts.push(`grace ${span(graceLeftMs)}`)
  return parts.join(', ')
}

function tagLines(tier: L1Explanation | L2Explanation): string[] {
  return tier.kind === 'value' ? tier.tags.map((tag) => `  ${tagText(tag)}`) : []
}

function tagText({ name, state, here, carried, now }: ExplainedTag): string {
  const tokens = `carries ${halvesText(carried)}${state === 'same' ? '' : `, now ${halvesText(now)}`}`
  return `${name === '' ? 'namespace' : `tag ${JSON.stringify(name)}`}: ${state}, here ${here}, ${tokens}`
}

function halvesText(halves: ExplainedTag['now']): string {
  return halves === null ? 'none' : `${halves.hard}/${halves.soft}`
}

function linkText({ isUp, provenMsAgo, boundMs }: LinkExplanation): string {
  const proof = provenMsAgo === null ? 'not proven' : `proven ${span(provenMsAgo)} ago`
  return `${isUp ? 'up' : 'down'}, ${proof}, bound ${span(boundMs)}`
}
