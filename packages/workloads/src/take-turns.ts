import { setImmediate as nextTurn } from 'node:timers/promises'
import { closedLoop } from './closed-loop.ts'

export interface TurnLane {
  readonly id: string
  /** Operation number `index` of the shared sequence. The first rejection ends all lanes and is thrown. */
  run(index: number): Promise<unknown>
}

export interface TurnsOptions {
  readonly lanes: readonly TurnLane[]
  /** Operations per lane. */
  readonly operations: number
  readonly concurrency: number
  /** A lane that has worked this long, its waiting for turns not counted, ends early. Default: no bound. */
  readonly budgetMs?: number
  /** Operations in one turn. Default 100. */
  readonly turnOperations?: number
  /** A turn starts no further operation after this long. Default 250 ms. */
  readonly turnMs?: number
  readonly signal?: AbortSignal
  /** Called, and waited for, before each turn with the lane whose turn it is; its time counts for no lane. */
  onTurn?(laneId: string, progress: number): void | Promise<void>
}

export interface TurnsResult {
  readonly id: string
  readonly completed: number
  /** Time spent in this lane's turns. */
  readonly busyMs: number
  readonly turns: number
  readonly endedBy: 'operations' | 'budget' | 'signal'
}

/**
 * Runs the same numbered operations in several lanes, one lane at a time, in short turns, so that lanes never compete for the machine and
 * whatever else it is doing falls on all of them. The next turn goes to the lane that is least far, counted in operations or in its
 * time budget, whichever is further; so a lane that ends by its budget and one that ends by its operations are spread over the
 * same stretch of time.
 */
export async function takeTurns(options: TurnsOptions): Promise<TurnsResult[]> {
  const { operations, concurrency, budgetMs = Number.POSITIVE_INFINITY, turnOperations = 100, turnMs = 250, signal } = options
  const lanes = options.lanes.map((lane) => ({ lane, completed: 0, busyMs: 0, turns: 0 }))
  type State = (typeof lanes)[number]
  const progressOf = (state: State) => Math.max(state.completed / operations, state.busyMs / budgetMs)

  while (signal?.aborted !== true) {
    const open = lanes.filter((state) => progressOf(state) < 1)
    const [first, ...rest] = open
    if (first === undefined) break
    const next = rest.reduce((least, state) => (isBefore(state, least) ? state : least), first)
    await options.onTurn?.(next.lane.id, lanes.reduce((sum, state) => sum + Math.min(1, progressOf(state)), 0) / lanes.length)
    const turn = await closedLoop({
      operations: Math.min(turnOperations, operations - next.completed),
      firstIndex: next.completed,
      concurrency,
      budgetMs: Math.min(turnMs, Math.max(0, budgetMs - next.busyMs)),
      ...(signal === undefined ? {} : { signal }),
      run: (index) => next.lane.run(index),
    })
    next.completed += turn.completed
    next.busyMs += turn.elapsedMs
    next.turns++
    await nextTurn()
  }
  return lanes.map(({ lane, completed, busyMs, turns }) => {
    const endedBy = completed >= operations ? 'operations' : busyMs >= budgetMs ? 'budget' : 'signal'
    return { id: lane.id, completed, busyMs, turns, endedBy }
  })

  function isBefore(state: State, other: State): boolean {
    const [one, two] = [progressOf(state), progressOf(other)]
    return one < two || (one === two && state.turns < other.turns)
  }
}
