/** How far the lab is with starting, for the page, the terminal and whoever waits. */
export interface Preparation {
  readonly state: 'preparing' | 'ready' | 'failed'
  readonly steps: readonly Step[]
}

export interface Step {
  readonly id: 'valkey' | 'database'
  readonly label: string
  readonly state: 'waiting' | 'running' | 'done' | 'failed'
  /** What is being done, or what came of it. */
  readonly detail: string
  /** 0 to 1, where it can be told. */
  readonly fraction?: number
}
