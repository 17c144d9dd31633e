/**
 * How many partitions a worker is to have, when all know the same workers: as many as every other, the rest going to the first ones by name.
 *
 * @returns 0 for one that is not among them
 */
export function fairShare(worker: string, workers: readonly string[], partitions: number): number {
  const rank = [...workers].sort().indexOf(worker)
  if (rank === -1) return 0
  return Math.floor(partitions / workers.length) + (rank < partitions % workers.length ? 1 : 0)
}
