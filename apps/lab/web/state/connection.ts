import { effect, signal } from '@preact/signals'
import type { Mark } from '../../scenarios/live.ts'
import type { Pulse } from '../../server/live.ts'
import { getJson } from './http.ts'
import type { LabState } from './lab-state.ts'
import { route } from './route.ts'

/** The state of the server as last heard of. */
export const lab = signal<LabState>(readEmbedded())

/** Whether the server is heard. `false` only after it was silent for a while: a short gap is nobody's concern. */
export const isHeard = signal(true)

const silentAfterMs = 2500
const markListeners = new Set<(marks: readonly Mark[]) => void>()
let lastHeardMs = Date.now()

/** Requests of the trickle, as they come. */
export function onMarks(listener: (marks: readonly Mark[]) => void): () => void {
  markListeners.add(listener)
  return () => markListeners.delete(listener)
}

/** Listens to the server for as long as the page lives; the browser opens the stream again by itself. */
export function connect(): void {
  effect(() => {
    const events = new EventSource(`/api/live?marks=${route.value.page === 'home' ? 'on' : 'off'}`)
    events.onmessage = ({ data }) => heard(JSON.parse(data))
    return () => events.close()
  })
  setInterval(() => {
    if (Date.now() - lastHeardMs > silentAfterMs) isHeard.value = false
  }, 500)
}

function heard({ preparation, active, marks }: Pulse): void {
  lastHeardMs = Date.now()
  const before = lab.peek()
  const wasSilent = !isHeard.peek()
  isHeard.value = true
  const hasChanged = JSON.stringify([preparation, active]) !== JSON.stringify([before.preparation, before.active])
  if (hasChanged) lab.value = { ...before, preparation, active }
  if (wasSilent || preparation.state !== before.preparation.state) void refresh()
  for (const listener of markListeners) listener(marks)
}

/** Facts become known as the servers start. */
async function refresh(): Promise<void> {
  try {
    lab.value = await getJson<LabState>('/api/lab')
  } catch {
    // The next pulse will tell.
  }
}

function readEmbedded(): LabState {
  const embedded = document.getElementById('lab')?.textContent
  if (embedded) return JSON.parse(embedded)
  return { preparation: { state: 'preparing', steps: [] }, facts: [], active: null, board: [] }
}
