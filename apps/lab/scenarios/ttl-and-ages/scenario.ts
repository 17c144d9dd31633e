import { defineScenario } from '../scenario.ts'
import { exhibits } from './exhibits.ts'
import { parameters } from './parameters.ts'
import { run } from './run.ts'
import { takeHomeCode } from './take-home.ts'
import { slowFactor } from './troubled-source.ts'
import { guessOptions } from './verdict.ts'

export const ttlAndAges = defineScenario({
  id: 'ttl-and-ages',
  module: 3,
  title: 'Time to live and ages',
  question: 'What happens to an answer when its time is over?',
  minutes: 2,
  story: [
    'With a time to live alone an answer is there or it is gone: at the end of its time the next reader waits for a new one, and when the source is down there is none.',
    'Tiercel gives an answer three ages. Up to `ttl` it is **fresh**. For its `grace` after that it is **stale**: still served, while somebody fetches a new one. Then it is **gone**. Follow one key through all three, with a source that has a bad moment.',
  ],
  guess: {
    prompt: 'With the settings below, how many reads of the lane with ages will have to wait for a load, or fail?',
    options: guessOptions,
  },
  parameters,
  quick: { ttl: 1000, grace: 4000, load: 200, every: 100, seconds: 9 },
  stations: { app: 'readers', l1: '', l2: 'Valkey', source: 'source' },
  lanes: [
    { id: 'ttl', label: 'ttl alone', about: 'Fresh, or gone.', path: ['app', 'l2', 'source'] },
    { id: 'ages', label: 'With ages', about: 'Fresh, stale, gone, as set above.', path: ['app', 'l2', 'source'] },
  ],
  method: [
    'Both lanes run at the same time, each on a key of its own in the same Valkey, with the same readers and the same source.',
    'Readers read at a steady rate, whether or not earlier reads were answered (an open loop). A read is timed from the moment it was due.',
    'Every value carries the moment at which its load ended; the age of an answer is what has passed since then when the reader has it.',
    'A read has waited when its answer was loaded after it was due. It is stale when its answer was older than the time to live (and 20 ms, for the way) when it was due.',
    'A step on Valkey may take a second here (`timeout` of `valkeyStore`, 50 ms by default): a machine that is busy for a moment is not to look like a server that is away.',
    'L1 is off, so that there is one copy of the key and one age.',
    'Failed loads are shared for a second (`errorTtl`, its default): readers are not all sent to a source that has just failed.',
  ],
  modelled: [
    `The source is a timer, so that it can be slow (${slowFactor} times) and can fail when it is told to. Cache, Valkey and ages are real.`,
    'The readers are caches in one process, each with a link of its own; in production each would be a process. The scenario **Stampede** has real ones.',
  ],
  takeHome: {
    code: takeHomeCode,
    metric:
      '`cache.stats()`: `staleHits` against all hits is how often readers lived on grace, and `refreshes` against `loads` how often nobody had to wait.',
    setting:
      '`ttl` says when you want a new answer, `grace` how old one may be before having none is better. Let `grace` be longer than the outages that you want to survive.',
    docs: { title: 'Ages', path: 'docs/concepts/ages.md' },
  },
  quiz: {
    question: 'An entry has `ttl: 1m` and `grace: 1h`. Its source goes down for ten minutes. What do readers get?',
    options: [
      {
        label: 'Errors after a minute',
        isRight: false,
        because: 'That is the time to live alone. With grace, an entry that has expired is still there for an hour.',
      },
      {
        label: 'Answers that are up to an hour old',
        isRight: false,
        because: 'An hour is what they may get at worst. The source was down for ten minutes, and with it back, the next refresh succeeds.',
      },
      {
        label: 'Answers that are up to about eleven minutes old',
        isRight: true,
        because: 'Whatever was there when it went down, at most a minute old, is served until a refresh succeeds again.',
      },
      {
        label: 'Nothing until the source is back',
        isRight: false,
        because: 'Readers never wait for a refresh unless `timeout` lets them; the stale answer is there at once.',
      },
    ],
  },
  exhibits,
  run,
})
