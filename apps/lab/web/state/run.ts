import { signal } from '@preact/signals'
import type { Frame, Mark, RunEvent } from '../../scenarios/live.ts'
import type { Settings } from '../../scenarios/parameters.ts'
import type { RunResult } from '../../scenarios/run-result.ts'
import { getJson, postJson, RefusedError } from './http.ts'

/** One run as the page sees it. */
export type RunState =
  | { readonly phase: 'idle' }
  | { readonly phase: 'starting' }
  | { readonly phase: 'running'; readonly id: string; readonly frame: Frame | undefined; readonly isStopping: boolean }
  | { readonly phase: 'done'; readonly id: string; readonly result: RunResult }
  | { readonly phase: 'refused'; readonly message: string }
  | { readonly phase: 'failed'; readonly message: string; readonly frame: Frame | undefined }
  /** The server went away during the run. */
  | { readonly phase: 'lost'; readonly frame: Frame | undefined }

interface RunSummary {
  readonly id: string
  readonly scenario: string
  readonly settings: Settings
  readonly state: 'running' | 'done' | 'failed'
  readonly result: RunResult | null
  readonly message: string | null
}

export const run = signal<RunState>({ phase: 'idle' })

const markListeners = new Set<(laneId: string, marks: readonly Mark[]) => void>()
let events: EventSource | undefined

/** Requests of the run, as they come. */
export function onRunMarks(listener: (laneId: string, marks: readonly Mark[]) => void): () => void {
  markListeners.add(listener)
  return () => markListeners.delete(listener)
}

export async function startRun(scenario: string, { parameters, seed }: Settings): Promise<void> {
  if (run.peek().phase === 'starting' || run.peek().phase === 'running') return
  run.value = { phase: 'starting' }
  try {
    const { id } = await postJson<{ id: string }>('/api/runs', { scenario, parameters, seed })
    watch(id)
  } catch (error) {
    const message = error instanceof RefusedError ? error.message : 'The server could not be reached.'
    run.value = { phase: 'refused', message }
  }
}

/** Joins a run that goes on already, and says with which settings. */
export async function joinRun(id: string): Promise<Settings> {
  const { settings } = await getJson<RunSummary>(`/api/runs/${id}`)
  watch(id)
  return settings
}

export async function stopRun(id: string): Promise<void> {
  const now = run.peek()
  if (now.phase === 'running' && now.id === id) run.value = { ...now, isStopping: true }
  await postJson(`/api/runs/${id}/stop`, {}).catch(() => undefined)
}

/** Does something to a run that goes on. */
export async function actOnRun(id: string, action: string): Promise<void> {
  await postJson(`/api/runs/${id}/actions/${action}`, {}).catch(() => undefined)
}

/** Back to the beginning; a run under way goes on by itself, unwatched. */
export function forgetRun(): void {
  events?.close()
  run.value = { phase: 'idle' }
}

function watch(id: string): void {
  events?.close()
  run.value = { phase: 'running', id, frame: undefined, isStopping: false }
  const stream = new EventSource(`/api/runs/${id}/events`)
  events = stream
  stream.onmessage = ({ data }) => {
    const event: RunEvent = JSON.parse(data)
    const now = run.peek()
    if (now.phase !== 'running' || now.id !== id) return
    if (event.type === 'frame') {
      run.value = { ...now, frame: event.frame }
      for (const lane of event.frame.lanes) for (const listener of markListeners) listener(lane.id, lane.marks)
    }
    if (event.type === 'failed') end({ phase: 'failed', message: event.message, frame: now.frame })
    if (event.type === 'done') void finish(id, now.frame)
  }
  // The browser tries again by itself while the server restarts; a server that forgot the run answers 404 and closes the stream.
  stream.onerror = () => {
    const now = run.peek()
    if (stream.readyState === EventSource.CLOSED && now.phase === 'running') end({ phase: 'lost', frame: now.frame })
  }
}

async function finish(id: string, frame: Frame | undefined): Promise<void> {
  events?.close()
  try {
    const { result } = await getJson<RunSummary>(`/api/runs/${id}`)
    const now = run.peek()
    // The page may have been left meanwhile.
    if (now.phase !== 'running' || now.id !== id) return
    end(result === null ? { phase: 'lost', frame } : { phase: 'done', id, result })
  } catch {
    end({ phase: 'lost', frame })
  }
}

function end(state: RunState): void {
  events?.close()
  run.value = state
}
