import { defineScenario } from '../scenario.ts'
import { exhibits } from './exhibits.ts'
import { parameters } from './parameters.ts'
import { run } from './run.ts'
import { takeHomeCode } from './take-home.ts'
import { guessOptions } from './verdict.ts'

export const stampede = defineScenario({
  id: 'stampede',
  module: 4,
  title: 'Stampede',
  question: 'One hot key expires. Who goes to the source?',
  minutes: 3,
  story: [
    'Everybody reads the list of the busiest airports. It is cached, and once in a while its time to live is over. Until somebody has loaded it anew, every read finds nothing, and each of them could go and ask the database: a **stampede**.',
    'Six ways to meet it, from none to **stale-while-revalidate**, each on the same key over the same real processes. Then kill the one process that loads while all the others rely on it.',
  ],
  guess: {
    prompt: 'With the settings below, how many loads does one expiry send to the source in the naive lane?',
    options: guessOptions,
  },
  parameters,
  quick: { source: 'timed', ttl: 600, load: 100, expiries: 2, lease: 400 },
  stations: { app: 'processes', l1: '', l2: 'Valkey', source: 'source' },
  lanes: [
    { id: 'naive', label: 'Naive', about: '`GET`, load, `SET`: every caller for himself.', path: ['app', 'l2', 'source'] },
    { id: 'flight', label: 'Flight', about: 'By hand: callers of one process share a load.', path: ['app', 'l2', 'source'] },
    { id: 'lock', label: 'Lock', about: 'By hand: `SET NX`, and the others poll.', path: ['app', 'l2', 'source'] },
    { id: 'lease', label: 'Lease', about: 'Tiercel as it is: one loads, the others are told.', path: ['app', 'l2', 'source'] },
    {
      id: 'xfetch',
      label: 'XFetch',
      about: 'Tiercel with `beta` and `grace`: loads before the end, by chance.',
      path: ['app', 'l2', 'source'],
    },
    { id: 'grace', label: 'Grace', about: 'Tiercel with `grace`: stale while it revalidates.', path: ['app', 'l2', 'source'] },
  ],
  method: [
    'The processes are real and stay the same for all lanes; only who was killed is replaced before the next lane. Lanes run one after the other, each on a key of its own that begins cold. The cold start is not counted: there, grace has nothing to serve.',
    'Every process reads at a steady rate, whether or not earlier reads were answered (an open loop). A read is timed from the moment it was due, so that a stall is part of its wait.',
    'Every load passes the lab, which counts it and asks the source: the count is exact, also for loads whose process was killed.',
    'An expiry begins with its first load. Every load that is to replace the same value belongs to it, and so does one that found nothing, up to a quarter of the time to live after its first value: whoever sent it had looked before that value was stored.',
    'A read has waited when its answer was loaded after it was due. It is stale when its answer was older than the time to live (and 20 ms, for the way) when it was due.',
    'What is written by hand lives from its `SET` on: where that comes late, an answer can get a little older than the time to live.',
    'A step on Valkey may take a second here (`timeout` of `valkeyStore`, 50 ms by default): a machine that is busy for a moment is not to look like a server that is away.',
    'L1 is off in all lanes: with it, most reads would need no server at all, and the lanes would look alike between the expiries.',
    'The process that is killed is the one that sent the first load of the first counted expiry, in the middle of that load, in every lane; where that load was over too soon, the next one. Lock and lease last equally long.',
    'Commands are those that the server counts (`INFO stats`), whoever sends them: on a server of your own that others use, too many.',
  ],
  modelled: [
    'The embedded database answers one query at a time: loads of a herd stand in line, as they do when all connections of a pool are taken. The timer stands for a source that never gets slower.',
    'All processes run on this machine and share its cores with Valkey and the database.',
  ],
  takeHome: {
    code: takeHomeCode,
    metric:
      '`cache.stats()`: `loads` of all processes together against the expiries of a hot key, and `waits` with `waitTimeMs`: what the lease costs those who wait.',
    setting:
      '`grace`: how old an answer may be while a new one is loaded. With it nobody waits; without it, everybody waits for one load. `lease` bounds the wait for a process that died.',
    docs: { title: 'One load for all', path: 'docs/concepts/one-load.md' },
  },
  quiz: {
    question:
      'Four processes, each with a single flight of its own. A key is read 200 times a second, and its load takes half a second. How many loads does an expiry send?',
    options: [
      { label: 'One', isRight: false, because: 'Each process shares among its own callers. It knows nothing of the other three.' },
      {
        label: 'Four',
        isRight: true,
        because: 'One per process: good with four, and a herd again with four hundred. A lease in Valkey makes it one.',
      },
      {
        label: 'A hundred',
        isRight: false,
        because: 'That is the naive number, 200 × 0.5: every read that comes before the first load has ended.',
      },
      {
        label: 'It depends on the lock',
        isRight: false,
        because: 'A single flight takes no lock in the server; it is a promise in a map of one process.',
      },
    ],
  },
  exhibits,
  run,
})
