import { expect, test } from 'vitest'
import { FakeClock } from '../testing/fake-clock.ts'
import { Changes } from './changes.ts'
import { Proof } from './proof.ts'

test('a link that cannot be opened leaves no timer but that of the next try', async () => {
  const clock = new FakeClock()
  const refused = (): Promise<never> => Promise.reject(new Error('away'))
  const pace = { clock, nowMs: () => clock.nowMs, random: () => 0.5 }
  const changes = new Changes(refused, new Proof(1_000), { onChange: () => undefined }, pace)
  changes.start()
  await clock.passAndSettle(10_000)
  expect(clock.waiting).toBe(1)
  await changes.close()
  expect(clock.waiting).toBe(0)
})
