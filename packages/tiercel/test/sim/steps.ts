import { show, type Versions } from './source.ts'
import type { Member, World } from './world.ts'

/** A dead process gets no further. */
export async function turn({ scheduler }: World, member: Member, label: string): Promise<void> {
  if (!member.store.isDead) await scheduler.turn(label)
  if (member.store.isDead) await new Promise(() => undefined)
}

export async function commit(world: World, member: Member, registers: readonly string[]): Promise<Versions> {
  const { source, plan, scheduler } = world
  do await turn(world, member, `${member.name} would commit`)
  while (source.locks > 0)
  const versions = source.commit(registers, plan.clock.nowMs)
  scheduler.trace.push(`${member.name} commits ${show(versions)}`)
  return versions
}
