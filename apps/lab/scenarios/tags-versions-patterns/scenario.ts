import { defineScenario } from '../scenario.ts'
import { exhibits } from './exhibits.ts'
import { parameters } from './parameters.ts'
import { run } from './run.ts'
import { takeHomeCode } from './take-home.ts'
import { guessOptions } from './verdict.ts'

export const tagsVersionsPatterns = defineScenario({
  id: 'tags-versions-patterns',
  module: 3,
  title: 'Tags, versions, patterns',
  question: 'A catalogue was imported. How do you forget everything that was made of the old one?',
  minutes: 2,
  story: [
    'Thousands of cached pages, lists and prices come from one catalogue. A new one arrives, and all of them are wrong at once. Their keys have nothing in common but that.',
    'Write down who belongs to it (a **set of members**), search for names (a **pattern**), put a number into every name (a **version key**), or give all of them one random word that can be taken away (a **token**). The ways differ in time, in memory, in who else has to wait, and in what happens when the server is full and evicts the bookkeeping itself.',
  ],
  guess: { prompt: 'With the settings below, how long does the set of members take, compared with the token?', options: guessOptions },
  parameters,
  quick: { keys: 5000, others: 10_000 },
  stations: { app: 'bystander', l1: '', l2: 'Valkey', source: '' },
  words: { l2: { label: 'read', about: "of the bystander's own key" } },
  lanes: [
    {
      id: 'members',
      label: 'Set of members',
      about: '`SADD` with every write; `SMEMBERS` and `UNLINK`, 1,000 at a time.',
      path: ['app', 'l2'],
    },
    { id: 'pattern', label: 'Pattern', about: '`SCAN MATCH` over the whole server, and `UNLINK`.', path: ['app', 'l2'] },
    {
      id: 'version',
      label: 'Version key',
      about: '`INCR`; the version stands in every key and is asked for with every read.',
      path: ['app', 'l2'],
    },
    { id: 'token', label: 'Token', about: 'Tiercel: `invalidateTag`.', path: ['app', 'l2'] },
  ],
  method: [
    'The lanes run one after the other on the same Valkey. Before each invalidation its keys are written as the lane writes them; afterwards what is left is counted and removed.',
    'The requests that are drawn and whose times are shown are those of a **bystander**: a process of its own that reads one key which nobody else touches, a millisecond after the last answer, from a quarter of a second before each invalidation until a quarter of a second after it.',
    'Commands and the time of the server are what the server counts for the commands of an invalidation (`INFO commandstats`), before and after. The memory that `UNLINK` frees in the background is not in that time.',
    'Bookkeeping per entry: `MEMORY USAGE` of what stands beside the entries, divided by their number, and what an entry takes more than the same entry without a tag.',
    'Evicted bookkeeping: everything that is no entry is removed, as a full server may do, once before and once after an invalidation of 200 entries. Then somebody who comes for the first time reads all of them, and old values are counted.',
    'L1 is off: all lanes ask Valkey for every read.',
  ],
  modelled: [
    'Eviction is played by removing the keys that the server would evict. Which keys a full server takes depends on its policy; bookkeeping is not spared by any.',
  ],
  takeHome: {
    code: takeHomeCode,
    metric:
      '`cache.stats().tagsInvalidated`, and the loads that follow: an invalidation is cheap, what it makes everybody load anew is not.',
    setting:
      '`tags`: as few as tell apart what changes apart. Invalidated entries stay in the memory of the server until their `ttl`, as with version keys; a `ttl` of days on large values is where that counts.',
    docs: { title: 'Invalidation', path: 'docs/concepts/invalidation.md' },
  },
  quiz: {
    question:
      'Keys look like `v7:item:42`, and `INCR version` invalidates them all. The server is full and evicts `version`. What is read next?',
    options: [
      {
        label: 'Nothing: the keys are gone as well',
        isRight: false,
        because: 'Only the version was evicted. The keys of all versions stay until their time is over.',
      },
      {
        label: 'What is there under the first version',
        isRight: true,
        because:
          'A counter that is missing begins again. Whatever was stored under `v1`, and every other number it passes again, is served as if it were new.',
      },
      {
        label: 'The newest values: the client remembers the 7',
        isRight: false,
        because: 'One process may. The next one that starts asks the server, and the server does not know.',
      },
      {
        label: 'An error',
        isRight: false,
        because: 'A missing counter is no error for Valkey: `GET` returns nothing, and `INCR` makes it 1.',
      },
    ],
  },
  exhibits,
  run,
})
