import { wholeNumber } from '../../kernel/options.ts'
import type { DeadLetters } from '../../streams/dead-letters.ts'
import type { DeadLetter } from '../../streams/record.ts'
import type { DeadWrite, DeadWrites } from './write-behind.ts'
import { entryKeyIn, readRecord } from './write-body.ts'

const pageSize = 100

/** @param deleteEntry what the cache holds of a key is not what its source will have */
export function deadWrites(letters: DeadLetters, deleteEntry: (entryKey: string) => Promise<void>): DeadWrites {
  async function replay(id: string): Promise<boolean> {
    const replayed = await letters.replay(id)
    if (replayed === undefined) return false
    await deleteEntry(entryKeyIn(replayed.key))
    return true
  }

  return {
    async list({ limit = 100, after } = {}) {
      return (await letters.list(wholeNumber(limit, 1, 1_000, 'limit'), after)).map(toDeadWrite)
    },
    replay,
    async replayAll() {
      let count = 0
      // Those that die meanwhile are not waited for.
      for (let page = await letters.list(pageSize); page.length > 0; page = await letters.list(pageSize, page.at(-1)?.id)) {
        for (const { id } of page) if (await replay(id)) count += 1
      }
      return count
    },
    async drop(id) {
      const recordKey = await letters.drop(id)
      if (recordKey === undefined) return false
      await deleteEntry(entryKeyIn(recordKey))
      return true
    },
  }
}

function toDeadWrite({ id, sequence, tries, problem, diedAtMs, ...record }: DeadLetter): DeadWrite {
  const { name, key, params, change } = readRecord(record)
  return { id, name, key, params, change, sequence, tries, problem, diedAtMs }
}
