import { MessageChannel } from 'node:worker_threads'
import { describe, expect, test, vi } from 'vitest'
import { DeadlineWheel } from './deadline.ts'

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('a deadline', () => {
  test('fires once, never early', async () => {
    const wheel = new DeadlineWheel()
    const startedAtMs = performance.now()
    const firedAfterMs = await new Promise<number>((resolve) => {
      wheel.start(20, () => resolve(performance.now() - startedAtMs))
    })
    expect(firedAfterMs).toBeGreaterThanOrEqual(20)
    expect(wheel.open).toBe(0)
  })

  test('that is cancelled never fires, and may be cancelled again', async () => {
    const wheel = new DeadlineWheel()
    const fired: string[] = []
    const cancelled = wheel.start(5, () => fired.push('cancelled'))
    const done = new Promise<void>((resolve) => {
      wheel.start(30, resolve)
    })
    cancelled.cancel()
    cancelled.cancel()
    await done
    expect(fired).toEqual([])
    expect(wheel.open).toBe(0)
  })

  test('beyond one round of the wheel waits for its own round', async () => {
    const wheel = new DeadlineWheel()
    const order: string[] = []
    const far = new Promise<void>((resolve) => {
      wheel.start(270, () => resolve(void order.push('far')))
    })
    wheel.start(14, () => order.push('near'))
    await pause(60)
    expect(order).toEqual(['near'])
    await far
    expect(order).toEqual(['near', 'far'])
  })

  test('that came due while the loop was blocked lets the replies in first', async () => {
    const wheel = new DeadlineWheel()
    const order: string[] = []
    const deadline = wheel.start(10, () => order.push('late'))
    const { port1, port2 } = new MessageChannel()
    port1.on('message', () => {
      order.push('reply')
      deadline.cancel()
    })
    port2.postMessage('here')
    const blockedUntilMs = performance.now() + 60
    while (performance.now() < blockedUntilMs);
    await pause(20)
    await turn()
    port1.close()
    expect(order).toEqual(['reply'])
  })

  test('fires although the timer of those before it was lost', async () => {
    const lost = vi.spyOn(globalThis, 'setInterval').mockImplementationOnce(() => setTimeout(() => undefined, 2 ** 30))
    let aheadMs = 0
    const wheel = new DeadlineWheel(() => performance.now() + aheadMs)
    const fired: string[] = []
    wheel.start(5, () => fired.push('first'))
    await pause(50)
    expect(fired).toEqual([])
    aheadMs = 2_000
    await new Promise<void>((resolve) => {
      wheel.start(5, resolve)
    })
    expect(fired).toEqual(['first'])
    expect(lost).toHaveBeenCalledTimes(3)
    lost.mockRestore()
  })

  test('fires although its timer was lost, and nobody starts another', async () => {
    const lost = vi.spyOn(globalThis, 'setInterval').mockImplementationOnce(() => setTimeout(() => undefined, 2 ** 30))
    const wheel = new DeadlineWheel()
    const startedAtMs = performance.now()
    await new Promise<void>((resolve) => {
      wheel.start(5, resolve)
    })
    expect(performance.now() - startedAtMs).toBeGreaterThan(900)
    lost.mockRestore()
  })

  test('costs no timer when nothing waits', async () => {
    const wheel = new DeadlineWheel()
    for (let i = 0; i < 1_000; i += 1) wheel.start(1_000, () => undefined).cancel()
    expect(wheel.open).toBe(0)
    await pause(20)
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThan(20)
  })
})

test('a thousand deadlines fire in their order of time, up to a tick', async () => {
  const wheel = new DeadlineWheel()
  const fired: number[] = []
  const lengths = Array.from({ length: 1_000 }, (_, i) => (i * 7_919) % 100)
  await Promise.all(
    lengths.map(
      (ms) =>
        new Promise<void>((resolve) => {
          wheel.start(ms, () => resolve(void fired.push(ms)))
        }),
    ),
  )
  expect(fired).toHaveLength(1_000)
  for (let i = 1; i < fired.length; i += 1) expect((fired[i - 1] as number) - (fired[i] as number)).toBeLessThan(40)
})
