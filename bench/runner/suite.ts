import type { Member } from './job.ts'

/**
 * A suite is data: trials that measure subjects, and the figures that must come out.
 *
 * A trial promises:
 *
 * - everything that is not the thing measured (keys, values, connections, a warm-up) is done before the clock starts;
 * - each value that a subject hands back is compared with the one expected; a wrong one is an error, not a slow figure;
 * - it runs in a process of its own, once per subject and round, and leaves nothing behind but keys with a ttl.
 *
 * A suite is a file `suites/NAME.ts` that exports `suite`. A subject's library is imported inside its opener, so that no
 * process loads the libraries of the others.
 */
export interface Suite {
  readonly name: string
  readonly summary: string
  /** Whether a server is started for it. Without, a trial's `url` is empty and nothing is counted. */
  readonly needsServer: boolean
  /** Why it cannot run here, such as a folder that is not there; nothing when it can. */
  readonly whyNot?: string | undefined
  readonly trials: readonly Trial[]
  readonly checks: readonly Check[]
}

export interface Trial {
  readonly name: string
  readonly figures: readonly Figure[]
  /** In the order in which each round runs them. */
  readonly subjects: readonly string[]
  /** One measurement per figure of the trial. */
  measure(subject: string, context: TrialContext): Promise<Measurements>
  /** Of trials with members: makes what answers in such a process. `tell` says something unasked to the measured one. */
  readonly answer?: (
    subject: string,
    context: TrialContext,
    tell: (told: unknown) => void,
  ) => Promise<(question: unknown) => Promise<unknown>>
}

export type Figure = SpeedFigure | CountFigure

export interface SpeedFigure {
  readonly kind: 'speed'
  readonly name: string
  readonly title: string
  /** What ratios are made of: CPU time of the process, or operations per second of the clock on the wall. */
  readonly by: Clock
  /** The subject that is 1 in the table. */
  readonly baseline: string
}

export interface CountFigure {
  readonly kind: 'count'
  readonly name: string
  readonly title: string
  readonly unit: string
}

export type Clock = 'cpu' | 'wall'

export type Measurements = Readonly<Record<string, Speed | number>>

/** Time of one operation. */
export interface Speed {
  readonly cpuUs: number
  readonly wallUs: number
}

export interface TrialContext {
  /** Of the server that all subjects share. */
  readonly url: string
  /** Begins every key of this subject. Letters, digits and hyphens. */
  readonly prefix: string
  /** 1, or less to be done sooner and know less. */
  readonly effort: number
  /** Starts further processes of this trial and subject. They end with this one. */
  startMembers(count: number, onTold: (told: unknown, member: number) => void): Member[]
  /** What the server has counted so far, over all its clients. */
  serverCounters(): Promise<ServerCounters>
}

export interface ServerCounters {
  readonly commands: number
  readonly bytesIn: number
  readonly bytesOut: number
}

/** One line of what a suite must show. */
export type Check = RatioCheck | ExactCheck | BoundCheck

export interface RatioCheck {
  readonly kind: 'ratio'
  readonly name: string
  readonly figure: string
  readonly subject: string
  readonly against: string
  readonly atLeast: number
}

export interface ExactCheck {
  readonly kind: 'exactly'
  readonly name: string
  readonly figure: string
  readonly subject: string
  readonly value: number
}

/** The median of a count, against a bound. */
export interface BoundCheck {
  readonly kind: 'atLeast' | 'atMost'
  readonly name: string
  readonly figure: string
  readonly subject: string
  readonly value: number
}

/** A trial whose subjects are openers of one shape. */
export function defineTrial<Opener>(trial: {
  readonly name: string
  readonly figures: readonly Figure[]
  readonly subjects: Readonly<Record<string, Opener>>
  readonly measure: (open: Opener, context: TrialContext) => Promise<Measurements>
}): Trial {
  return {
    name: trial.name,
    figures: trial.figures,
    subjects: Object.keys(trial.subjects),
    async measure(subject, context) {
      const open = trial.subjects[subject]
      if (open === undefined) throw new Error(`trial ${trial.name} has no subject ${subject}`)
      return trial.measure(open, context)
    },
  }
}
