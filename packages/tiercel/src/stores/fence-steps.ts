import { decodeFence, encodeFence, fenceByte, nobody } from '../codecs/fence.ts'
import type { FenceStep } from './store.ts'

const mostItems = 64

/** What a key holds after a step on its fence: `undefined` nothing, else the bytes and how long they live. As the script does it on a server. */
export function fenceStep(
  content: Buffer | undefined,
  step: FenceStep,
  nowMs: number,
): { bytes: Buffer; ttlMs: number; isFence: boolean } | undefined {
  const old = content?.[0] === fenceByte ? decodeFence(content) : { isContended: false, items: [] }
  const isMine = step.owner !== undefined && old.items.some(({ owner }) => owner.equals(step.owner as Buffer))
  const others = old.items.filter(({ owner, deadlineMs }) => !(step.owner?.equals(owner) ?? false) && deadlineMs > nowMs)
  const isOpening = step.op !== 'close'
  const isAdding = isOpening || step.forMs > 0
  // Whoever else opens or closes, deletes or holds off, has changed the source as well, and nobody knows in which order.
  const isContended = old.isContended || others.length > 0 || (isAdding && !isOpening) || (step.op === 'renew' && !isMine)
  const added = { owner: isOpening ? (step.owner ?? nobody) : nobody, deadlineMs: nowMs + step.forMs }
  const all = isAdding ? [...others, added] : others
  if (all.length > 0) {
    const latestMs = Math.max(...all.map(({ deadlineMs }) => deadlineMs))
    const items = all.length > mostItems ? [{ owner: nobody, deadlineMs: latestMs }] : all
    const ttlMs = step.counter === undefined ? Math.max(latestMs - nowMs, 1) : step.ttlMs
    return { bytes: encodeFence({ isContended, items }), ttlMs, isFence: true }
  }
  if (step.value !== undefined && isMine && !isContended) return { bytes: step.value, ttlMs: step.ttlMs, isFence: false }
  return undefined
}

/** Whether a fence with a live item is there. */
export function isFenced(content: Buffer | undefined, nowMs: number): boolean {
  return content?.[0] === fenceByte && decodeFence(content).items.some(({ deadlineMs }) => deadlineMs > nowMs)
}
