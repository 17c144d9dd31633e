import { messageOf } from '../format/message-of.ts'

/**
 * What a process of a crew is (`crew.ts` is the other end): it says that it is up, does what it is told, says what went wrong with that, and ends when the lab
 * does, however that ends.
 */
export function joinCrew<Order>(obey: (order: Order) => Promise<void>): void {
  const tell = (report: object) => process.send?.(report)
  process.on('disconnect', () => process.exit())
  // Ctrl-C goes to all processes of a terminal: whether this one ends is the lab's to say.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined)
  process.on('message', (order: Order) => {
    obey(order).catch((error: unknown) => tell({ kind: 'broken', message: messageOf(error) }))
  })
  tell({ kind: 'up' })
}
