import type { RunResult } from '../scenarios/run-result.ts'

/**
 * What a run counts alike whenever it is run with the same settings. Whether L1 may serve what it has kept just now depends on when the
 * server's word of that write arrives: either way it is a cache that answers.
 */
export function countsOf({ lanes }: Pick<RunResult, 'lanes'>): readonly Readonly<Record<string, number>>[] {
  return lanes.map(({ outcomes: { l1, l2, ...others } }) => ({ cached: l1 + l2, ...others }))
}
