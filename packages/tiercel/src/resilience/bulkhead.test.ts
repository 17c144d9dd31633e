import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Bulkhead } from './bulkhead.ts'

const refused = new Error('refused')
const refuse = () => refused

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => {
    open = resolve
  })
  return { opened, open }
}

describe('a bulkhead', () => {
  test('runs so many at a time, lets so many wait in order, and refuses the rest', async () => {
    const bulkhead = new Bulkhead({ maxRunning: 2, maxWaiting: 2 })
    const gates = Array.from({ length: 4 }, gate)
    const started: number[] = []
    const calls = gates.map(({ opened }, at) =>
      bulkhead.run(
        bulkhead.isInside,
        async () => {
          started.push(at)
          await opened
          return at
        },
        refuse,
      ),
    )
    await expect(bulkhead.run(bulkhead.isInside, () => 5, refuse)).rejects.toBe(refused)
    expect([started, bulkhead.running, bulkhead.waiting]).toEqual([[0, 1], 2, 2])
    gates[1]?.open()
    await calls[1]
    // One who comes now does not overtake those who wait.
    const late = bulkhead.run(bulkhead.isInside, () => 'late', refuse)
    await turn()
    expect(started).toEqual([0, 1, 2])
    for (const { open } of gates) open()
    expect(await Promise.all(calls)).toEqual([0, 1, 2, 3])
    expect(await late).toBe('late')
    expect([bulkhead.running, bulkhead.waiting]).toEqual([0, 0])
  })

  test('a call that fails gives its place back, also one that throws at once', async () => {
    const bulkhead = new Bulkhead({ maxRunning: 1, maxWaiting: 10 })
    const error = new Error('broken')
    const calls = [() => Promise.reject(error), () => Promise.reject(error)].map((call) => bulkhead.run(bulkhead.isInside, call, refuse))
    const thrown = bulkhead.run(
      bulkhead.isInside,
      () => {
        throw error
      },
      refuse,
    )
    for (const call of [...calls, thrown]) await expect(call).rejects.toBe(error)
    expect(await bulkhead.run(bulkhead.isInside, () => 1, refuse)).toBe(1)
    expect(bulkhead.running).toBe(0)
  })

  test('who waits leaves when its signal fires, and takes no place', async () => {
    const bulkhead = new Bulkhead({ maxRunning: 1, maxWaiting: 10 })
    const { opened, open } = gate()
    const first = bulkhead.run(bulkhead.isInside, () => opened, refuse)
    const controller = new AbortController()
    let isCalled = false
    const leaving = bulkhead.run(
      bulkhead.isInside,
      () => {
        isCalled = true
      },
      refuse,
      () => controller.signal,
    )
    const last = bulkhead.run(bulkhead.isInside, () => 'last', refuse)
    controller.abort(new Error('left'))
    await expect(leaving).rejects.toThrow('left')
    open()
    await first
    expect(await last).toBe('last')
    expect(isCalled).toBe(false)
    expect([bulkhead.running, bulkhead.waiting]).toEqual([0, 0])
  })

  test('calls within calls do not wait for each other, and count as one', async () => {
    const bulkhead = new Bulkhead({ maxRunning: 1, maxWaiting: 0 })
    const { opened, open } = gate()
    let goOnLater: Promise<unknown> = Promise.resolve()
    const nested = bulkhead.run(
      bulkhead.isInside,
      async () => {
        await turn()
        const inner = await bulkhead.run(bulkhead.isInside, () => bulkhead.run(bulkhead.isInside, () => opened, refuse), refuse)
        goOnLater = turn().then(() => bulkhead.run(bulkhead.isInside, () => 'later', refuse))
        return inner
      },
      refuse,
    )
    await turn()
    await turn()
    await expect(bulkhead.run(bulkhead.isInside, () => 'outside', refuse)).rejects.toBe(refused)
    open()
    await nested
    expect(bulkhead.running).toBe(0)
    // What it left behind is not within it any more.
    const other = gate()
    const holder = bulkhead.run(bulkhead.isInside, () => other.opened, refuse)
    await expect(goOnLater).rejects.toBe(refused)
    other.open()
    await holder
  })
})
