import { setTimeout as sleep } from 'node:timers/promises'
import type { AnswerRule } from '../../src/testing/index.ts'
import { type Disturbance, disturbances } from '../coherence/disturbances.ts'

const onMs = 1_000
const offMs = 700

/** Ten things that networks and servers do. */
export const faults: Readonly<Record<string, Disturbance>> = {
  'links are killed': of('links killed at random'),
  'nothing reaches the server': of('nothing reaches the server'),
  'nothing comes from the server': of('nothing comes from the server'),
  'nothing gets through': of('nothing gets through'),
  'all is late, after a hole': of('everything arrives late, after a hole'),
  'all is split at every byte': of('replies and pushes are split at every byte'),
  'all is late': of('replies and pushes are late'),
  'replies break off, and their links with them': answering([{ with: { firstBytes: 2 }, probability: 0.02 }]),
  'what writes is refused': answering([{ with: 'READONLY' }, { with: 'OOM' }]),
  'the server is busy, or loads, or is no cluster': answering([{ with: 'BUSY' }, { with: 'LOADING' }, { with: 'CLUSTERDOWN' }]),
}

function of(name: string): Disturbance {
  const disturb = disturbances[name]
  if (disturb === undefined) throw new Error(`no disturbance ${name}`)
  return disturb
}

/** Each rule for a while, then none, and so on. */
function answering(rules: readonly AnswerRule[]): Disturbance {
  return async (proxy, isOver) => {
    for (let at = 0; !isOver.aborted; at += 1) {
      const lift = proxy.answer(rules[at % rules.length] as AnswerRule)
      await passed(onMs, isOver)
      lift()
      await passed(offMs, isOver)
    }
  }
}

async function passed(ms: number, isOver: AbortSignal): Promise<void> {
  await sleep(ms, undefined, { signal: isOver }).catch(() => undefined)
}
