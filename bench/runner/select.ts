import { UsageError } from './arguments.ts'
import type { Suite, Trial } from './suite.ts'

/**
 * The part of a suite that `--only` names: subjects, trials, figures (their whole trial runs), in any mix. Names of subjects narrow
 * the subjects, the others narrow the trials.
 */
export function select(suite: Suite, only: readonly string[]): Suite {
  for (const name of only) {
    if (!suite.trials.some((trial) => isTrial(trial, name) || trial.subjects.includes(name))) {
      throw new UsageError(`--only ${name}: suite ${suite.name} has no such subject, trial or figure; see --list`)
    }
  }
  const isSubject = (name: string): boolean => suite.trials.some((trial) => trial.subjects.includes(name))
  const trialNames = only.filter((name) => !isSubject(name))
  const subjectNames = only.filter(isSubject)
  const trials = suite.trials
    .filter((trial) => trialNames.length === 0 || trialNames.some((name) => isTrial(trial, name)))
    .map((trial) =>
      subjectNames.length === 0 ? trial : { ...trial, subjects: trial.subjects.filter((name) => subjectNames.includes(name)) },
    )
    .filter((trial) => trial.subjects.length > 0)
  return { ...suite, trials }
}

function isTrial(trial: Trial, name: string): boolean {
  return trial.name === name || trial.figures.some((figure) => figure.name === name)
}
