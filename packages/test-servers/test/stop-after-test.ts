import { afterEach } from 'vitest'

const started: { stop(): Promise<void> }[] = []

/** What a test starts with this is stopped after it. */
export async function keep<Topology extends { stop(): Promise<void> }>(starting: Promise<Topology>): Promise<Topology> {
  const topology = await starting
  started.push(topology)
  return topology
}

/** Runs by itself after each test; called by those that have to remove something after the stop. */
export async function stopKept(): Promise<void> {
  await Promise.all(started.splice(0).map((topology) => topology.stop()))
}

afterEach(stopKept)
