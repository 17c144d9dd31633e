import type { Member, World } from './world.ts'
import { counterKey, entryKey, keys, tagKey, tags } from './world.ts'

const everything = [...keys.map(entryKey), ...['', ...tags].map(tagKey), counterKey]

/** Lets the weather have its way, until nobody is under way any more. */
export function brew(world: World): void {
  const { scheduler, plan, servers } = world
  const again = (leastMs: number, mostMs: number, happen: () => void): void => {
    const next = (): void => {
      if (world.running === 0) return
      happen()
      scheduler.later('', next, scheduler.spread(leastMs, mostMs))
    }
    scheduler.at(scheduler.nowMs + scheduler.spread(leastMs, mostMs), undefined, next)
  }
  const once = (happen: () => void): void => void scheduler.at(scheduler.nowMs + scheduler.spread(5, 3_000), undefined, happen)
  const anyone = (): Member => scheduler.oneOf(world.members)
  again(10, 2_000, () => servers.primary?.happen((server) => server.expire()))
  if (plan.weather === 'crash') once(() => world.crash(anyone()))
  if (plan.weather === 'eviction') again(2, 500, () => evict(world))
  if (plan.weather === 'flush') again(50, 2_000, () => flush(world))
  if (plan.weather === 'failover') {
    again(2, 200, () => servers.replicate())
    once(() => failOver(world))
  }
  if (plan.weather === 'cut links') again(20, 2_000, () => breakLink(world, anyone()))
  if (plan.weather === 'slow links') again(5, 1_000, () => slowLink(world, anyone()))
  if (plan.weather === 'outage') once(() => hang(world))
}

function evict({ scheduler, servers }: World): void {
  const key = scheduler.oneOf(everything)
  servers.primary?.happen((server) => {
    if (server.remove(key)) scheduler.say(() => `${key} is evicted`)
  })
}

function flush({ scheduler, servers }: World): void {
  scheduler.say('the server is flushed')
  servers.primary?.happen((server) => server.flush())
}

function failOver({ scheduler, servers, verdicts }: World): void {
  verdicts.lost()
  servers.failOver(scheduler.spread(20, 1_500))
}

/** The client sees it at once, or nothing comes through and it notices later; of changes, or of commands. */
function breakLink({ scheduler }: World, { name, client }: Member): void {
  const side = [...client.sides][0]
  const noticedInMs = scheduler.spread(20, 4_000)
  if (side !== undefined && scheduler.chance(0.5)) {
    scheduler.say(`${name} hears nothing any more`)
    side.swallow(scheduler.chance(0.5) ? 1 : noticedInMs)
  } else if (scheduler.chance(0.6)) client.cut(scheduler.chance(0.7))
  else {
    scheduler.say(`nothing reaches the server from ${name}`)
    client.swallow(noticedInMs)
  }
}

function slowLink({ scheduler }: World, { name, client }: Member): void {
  const side = [...client.sides][0]
  const ms = scheduler.spread(10, 3_000)
  scheduler.say(`a link of ${name} is slow for ${ms.toFixed(0)} ms`)
  if (side !== undefined && scheduler.chance(0.6)) side.stall(ms)
  else client.stall(ms)
}

/** Nobody is answered, on no connection. */
function hang({ scheduler, members }: World): void {
  const ms = scheduler.spread(100, 8_000)
  scheduler.say(`the server hangs for ${ms.toFixed(0)} ms`)
  for (const { client } of members) {
    client.stall(ms)
    for (const side of client.sides) side.stall(ms)
  }
}
