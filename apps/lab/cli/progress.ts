import type { RunEvent } from '../scenarios/live.ts'
import type { Preparation, Step } from '../server/preparation.ts'

/** Says on the terminal what takes time: one line that renews itself where there is a terminal, few lines where there is none. */
export function progressReporter(stream: NodeJS.WriteStream) {
  const saidOf = new Map<Step['id'], string>()
  const saidAtMs = new Map<Step['id'], number>()
  let isLineOpen = false
  let lastTenth = -1

  const end = () => {
    if (isLineOpen) stream.write('\n')
    isLineOpen = false
  }
  const line = (text: string) => {
    end()
    stream.write(`lab: ${text}\n`)
  }
  const renew = (text: string) => {
    stream.write(`\r\u001b[2Klab: ${text}`)
    isLineOpen = true
  }
  const sayStep = ({ id, label, state, detail, fraction }: Step) => {
    const percent = fraction === undefined ? '' : ` ${Math.round(fraction * 100)} %`
    if (state === 'running' && stream.isTTY) return renew(`${label}: ${detail}${percent}`)
    const text =
      state === 'running' ? `${label}: ${detail.replace(/:.*/, '')}` : `${label}: ${state === 'failed' ? 'failed. ' : ''}${detail}`
    const isEarly = state === 'running' && performance.now() - (saidAtMs.get(id) ?? Number.NEGATIVE_INFINITY) < 2000
    if (saidOf.get(id) === text || state === 'waiting' || isEarly) return
    saidOf.set(id, text)
    saidAtMs.set(id, performance.now())
    line(text)
  }

  return {
    line,
    end,
    preparation(preparation: Preparation) {
      for (const step of preparation.steps) sayStep(step)
    },
    event(event: RunEvent) {
      if (event.type === 'note') line(event.text)
      if (event.type !== 'frame') return
      const { activity, progress, lanes } = event.frame
      const counts = lanes.map(({ id, requests }) => `${id} ${requests}`).join(', ')
      const tenth = Math.floor(progress * 10)
      if (stream.isTTY) renew(`${activity} ${Math.round(progress * 100)} % (requests: ${counts})`)
      else if (tenth > lastTenth) line(`${activity} ${tenth * 10} %`)
      lastTenth = Math.max(lastTenth, tenth)
    },
  }
}
