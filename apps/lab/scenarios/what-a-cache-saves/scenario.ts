import { defineScenario } from '../scenario.ts'
import { exhibits } from './exhibits.ts'
import { parameters } from './parameters.ts'
import { run } from './run.ts'
import { takeHomeCode } from './take-home.ts'
import { guessOptions } from './verdict.ts'

export const whatACacheSaves = defineScenario({
  id: 'what-a-cache-saves',
  module: 1,
  title: 'What a cache saves',
  question: 'How much of the waiting does a cache take away?',
  minutes: 2,
  story: [
    'An airport asks its database the same kind of question all day: who is on this flight, where is this passenger going, which airports are busiest. A few questions are asked constantly, most of them rarely.',
    'Cache-aside keeps the first answer in Valkey (**L2**) and takes it from there until its time to live runs out. Tiercel can also keep a copy in the memory of the app (**L1**). Every lane below is asked the same questions in the same order.',
  ],
  guess: {
    prompt: 'With the settings below, how much of the waiting will the cache take away, all requests together?',
    options: guessOptions,
  },
  parameters,
  quick: { requests: 3000, budget: 4 },
  stations: { app: 'app', l1: 'L1 memory', l2: 'Valkey', source: 'database' },
  lanes: [
    { id: 'none', label: 'No cache', about: 'Every request is a query.', path: ['app', 'source'] },
    {
      id: 'l2',
      label: 'Valkey',
      about: 'Tiercel with L2 only: what one instance loaded, all of them find.',
      path: ['app', 'l2', 'source'],
    },
    {
      id: 'l1-l2',
      label: 'L1 + Valkey',
      about: 'Tiercel with both: the memory of the app first, then Valkey.',
      path: ['app', 'l1', 'l2', 'source'],
      isWanted: ({ l1 }) => l1,
    },
  ],
  method: [
    'One sequence of questions is drawn from the seed, before anything is measured; each lane goes through it from the beginning.',
    'Lanes take turns of at most 100 requests or 250 ms, one lane at a time, and the next turn goes to the lane that is least far. So they never compete for the machine, and whatever else it does falls on all of them.',
    'Within a turn the given number of callers ask, each again as soon as it was answered (a closed loop). A request is timed from the call to the answer in the hands of the caller.',
    'Before the first turn the code of all lanes and the memory of the database are warmed with other questions. The caches start empty: the misses of the beginning are part of the figures.',
    'A loaded value is handed out at once and stored in Valkey a moment later. An instance that asks for what another one is loading waits for that.',
    'A step on Valkey may take a second here (`timeout` of `valkeyStore`, 50 ms by default): a machine that is busy for a moment is not to look like a server that is away.',
    'A time to live runs by the clock on the wall, also while a lane waits for its turn.',
    'Popular rows lie scattered over the table. The database has its indexes, and the query is written as well as we can.',
    'The interval behind a percentile is a 95 % confidence interval by order statistics. A percentile beyond which fewer than five requests lie is not given.',
  ],
  modelled: [
    'App instances are caches in one process, each with its own memory and its own connection to Valkey; in production each would be a process. Everything else is measured.',
  ],
  takeHome: {
    code: takeHomeCode,
    metric:
      '`cache.stats()`: `loads` against requests is what still reaches the database, and `loadTimeMs / loads` is what a miss costs. A high hit ratio on a cheap query saves nothing.',
    setting:
      '`ttl`: choose how old an answer may be, not the hit ratio you would like. `jitter` keeps entries that were stored together from running out together.',
    docs: { title: 'Cache-aside', path: 'docs/concepts/cache-aside.md' },
  },
  quiz: {
    question:
      'A query takes 100 ms. A cache answers 95 of 100 requests in 0.1 ms; the other five wait for the query. What does the slowest one in a hundred wait (p99)?',
    options: [
      {
        label: 'About 5 ms',
        isRight: false,
        because: 'That is the mean: five hundredths of 100 ms. Nobody waits 5 ms; a request waits either 0.1 or 100.',
      },
      {
        label: 'About 0.1 ms',
        isRight: false,
        because: 'That is the median. Ninety-five of a hundred are answered that fast, but the 99th is not among them.',
      },
      {
        label: 'About 100 ms',
        isRight: true,
        because:
          'The misses are the slowest five in a hundred, so p99 lies among them. It falls only when fewer than one request in a hundred misses.',
      },
      {
        label: 'About 95 ms',
        isRight: false,
        because: 'A hit ratio is a share of requests, not of time: it does not make a miss shorter.',
      },
    ],
  },
  exhibits,
  run,
})
