import { defineScenario } from '../scenario.ts'
import { exhibits } from './exhibits.ts'
import { parameters } from './parameters.ts'
import { run } from './run.ts'
import { takeHomeCode } from './take-home.ts'
import { guessOptions } from './verdict.ts'

export const pullThePlug = defineScenario({
  id: 'pull-the-plug',
  module: 4,
  title: 'Pull the plug',
  question: 'The cache server dies, hangs or fills up. What do your users notice?',
  minutes: 3,
  story: [
    'A cache is there to make a shop quick, and the shop can do without it: everything in it is in the database too. So nobody should notice when it is gone. Most have learnt otherwise on the day it **hung**: it was not down, it just did not answer, and neither did anything that asked it.',
    'Three lanes before the same source, which does only so many loads at a time. One is written as tutorials have it, one by somebody who has been woken at night before, one with Tiercel as it comes. Then pull the plug, and plug it in again.',
  ],
  guess: {
    prompt: 'With the settings below, how many reads of the naive lane fail, or take so long that a user notices?',
    options: guessOptions,
  },
  parameters,
  quick: { seconds: 8, faultSeconds: 2 },
  stations: { app: 'users', l1: 'memory', l2: 'Valkey', source: 'source' },
  words: { stale: { label: 'old', about: 'answered with what the source had replaced' } },
  lanes: [
    { id: 'naive', label: 'Naive', about: '`GET`, load, `SET`, and a client as it comes.', path: ['app', 'l2', 'source'] },
    { id: 'careful', label: 'With care', about: 'A limit on every wait, no queue, errors caught.', path: ['app', 'l2', 'source'] },
    { id: 'tiercel', label: 'Tiercel', about: 'As it comes.', path: ['app', 'l1', 'l2', 'source'] },
  ],
  actions: [
    { id: 'kill', label: 'Kill it', about: '`kill -9`' },
    { id: 'hang', label: 'Hang it', about: '`SIGSTOP`' },
    { id: 'cut', label: 'Cut it off', about: 'no connections' },
    { id: 'slow', label: 'Slow it down', about: '0.3 s late' },
    { id: 'full', label: 'Fill it', about: 'no more writes' },
    { id: 'mend', label: 'Mend it', about: '' },
  ],
  method: [
    'A real Valkey of this run alone, which is really killed, stopped with `SIGSTOP`, given a `maxmemory` that it has long passed, or cut off and slowed down by a proxy that knows bytes and nothing of what they mean. All lanes use it at once, so that one fault is the same fault for all of them.',
    'Each lane is a real process with keys of its own, and a source of its own, so that no lane suffers from what another one does to it. All ask for the same keys in the same order (Zipf, exponent 0.9). Each key has been read before the run begins.',
    'Users come at a steady rate, whether or not those before them were answered (an open loop). A read is timed from the moment it was due.',
    'Every now and then a key changes at the source, and the lane tells its cache. An answer is old by the time between that change and the moment at which it was asked for. Nothing is older than its time to live.',
    'A read that is answered before the event loop turns once was waited for nowhere: it counts as answered from memory. One whose value was loaded after it was called, by another one, has shared a load.',
    'A user notices what takes longer than a quarter of a second, or than two loads and a tenth of a second where that is more.',
    'A read that still waits for a server when the run ends is answered, or fails, before it is counted: the server is mended first.',
  ],
  modelled: [
    'The source is a timer with a line before it: so many loads at a time, each in the same time. It stands for a database with a pool of connections, and never gets slower by itself.',
    'The fault is made on purpose. Everything that follows from it is measured.',
  ],
  takeHome: {
    code: takeHomeCode,
    metric:
      'The events `breaker.opened` and `link.down`, and `cache.health()`: what the cache does without just now. And the loads per second at your source, on the worst day.',
    setting:
      '`timeout` of the store, 50 ms: what a step on the server may cost. Choose it a little above the p999 of a good day; a longer one helps nobody on a bad day.',
    docs: { title: 'Faults', path: 'docs/concepts/faults.md' },
  },
  quiz: {
    question:
      'Every read gives the cache 50 ms, then it loads. The cache hangs; 300 reads a second come in, and the source does 200 loads a second. What happens?',
    options: [
      {
        label: 'Every read takes 50 ms more',
        isRight: false,
        because: 'So it does for the first of them. But each then goes to the source, which does 200 of the 300.',
      },
      {
        label: 'The line before the source grows until the cache is back, and longer',
        isRight: true,
        because:
          'A hundred more wait every second. After five seconds the last of 500 waits two and a half, and the line is still there when the cache is back.',
      },
      {
        label: 'The source serves all of them, as before',
        isRight: false,
        because: 'Before, the cache had answered most of them. Now each one is a load.',
      },
      {
        label: 'Nothing, if the client has a command timeout',
        isRight: false,
        because: 'That bounds the wait for the cache. It says nothing about what comes after it: sharing loads does.',
      },
    ],
  },
  exhibits,
  run,
})
