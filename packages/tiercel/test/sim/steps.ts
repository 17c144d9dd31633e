import { serverOriginMs } from './process-clock.ts'
import { show, type Versions } from './source.ts'
import type { Member, World } from './world.ts'

/** How long something may still be stored that a process gave up to set: until the server's clock is past what it was told. */
export function outstandingMs({ scheduler }: World, { client }: Member): number {
  return Math.max(client.notAfterMs - serverOriginMs - scheduler.nowMs, 0) + 1
}

/** A dead process gets no further. */
export async function turn({ scheduler }: World, member: Member, label: string, ms?: number): Promise<void> {
  if (!member.isDead) await scheduler.turn(label, ms)
  if (member.isDead) await new Promise(() => undefined)
}

export async function commit(world: World, member: Member, registers: readonly string[]): Promise<Versions> {
  const { source, scheduler } = world
  do await turn(world, member, `${member.name} would commit`)
  while (source.locks > 0)
  const versions = source.commit(registers, scheduler.nowMs)
  scheduler.say(() => `${member.name} commits ${show(versions)}`)
  return versions
}
