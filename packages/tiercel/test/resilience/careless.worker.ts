// A process that answers well, and leaves a rejection behind.
import { closeSync } from 'node:fs'
import type { Told } from '../fleet/worker-process.ts'

// Node says there why it ends.
closeSync(2)
process.on('message', ({ id }: Told<object>) => {
  process.send?.({ id, isFine: true })
  setTimeout(() => void Promise.reject(new Error('nobody handles this')), 10)
})
process.send?.({ id: -1 })
