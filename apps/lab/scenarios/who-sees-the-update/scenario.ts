import { defineScenario } from '../scenario.ts'
import { exhibits } from './exhibits.ts'
import { parameters } from './parameters.ts'
import { run } from './run.ts'
import { takeHomeCode } from './take-home.ts'
import { guessOptions } from './verdict.ts'

export const whoSeesTheUpdate = defineScenario({
  id: 'who-sees-the-update',
  module: 3,
  title: 'Who sees the update',
  question: 'A gate has changed. Who still shows the old one, and for how long?',
  minutes: 3,
  story: [
    'Two processes keep the gate of a flight in their own memory, where reading it costs nothing. One of them moves the flight: it commits to the database and says so. The other has to hear it, or passengers stand at the wrong gate.',
    'Most of the time it hears at once. The question is what it does when the message is lost, when its link is cut, or when the link goes **silent without breaking**: a router that forgets, a cable that is pulled, a machine that is suspended. Three ways to keep the two in step, on the same rows, over the same bad link.',
  ],
  guess: {
    prompt: 'With the settings below, for how long does the lane with pub/sub show an old gate, at worst?',
    options: guessOptions,
  },
  parameters,
  quick: { seconds: 8, faultSeconds: 2, updateEvery: 700, maxStaleness: 500 },
  stations: { app: 'other process', l1: 'memory', l2: 'Valkey', source: 'database' },
  words: { stale: { label: 'stale', about: 'answered with a row that the database had replaced' } },
  lanes: [
    {
      id: 'pub-sub',
      label: 'Pub/sub',
      about: 'By hand, as tutorials have it: a map, and a message with the key to forget.',
      path: ['app', 'l1', 'l2', 'source'],
    },
    {
      id: 'tracking',
      label: 'Tracking',
      about: 'The client-side cache of node-redis: Valkey tells who read a key that it changed.',
      path: ['app', 'l1', 'l2', 'source'],
    },
    {
      id: 'lease',
      label: 'Tracking and lease',
      about: 'Tiercel: memory is trusted only while the link gives signs of life.',
      path: ['app', 'l1', 'l2', 'source'],
    },
  ],
  actions: [
    { id: 'update', label: 'Change the gate', about: 'in the first process' },
    { id: 'cut', label: 'Cut the link', about: 'of the other one' },
    { id: 'half-open', label: 'Silence it', about: 'nobody is told' },
    { id: 'mute', label: 'Lose messages', about: 'commands still pass' },
    { id: 'mend', label: 'Mend it', about: '' },
  ],
  method: [
    'Two real processes. The first has its own way to Valkey; everything that the other one says to Valkey and hears from it passes a proxy in the lab, which knows bytes and connections and nothing of what they mean.',
    'All lanes run at once, each with a row of its own, so that one broken link is the same broken link for all of them. A change changes all rows.',
    'A read is outdated by the time between the commit of the change that it does not show and the moment at which it began. The database is asked by the lab for both processes, which is how the moment of the commit is known; both processes and the lab read one clock of this machine.',
    'A read that is answered before the event loop turns once was waited for nowhere: it counts as answered from memory, in every lane.',
    'Cut: all connections are reset and new ones refused. Silent: bytes are swallowed both ways, connections stay open; when it is mended, those that lost something are reset. Messages lost: what the server sends on a connection that has subscribed or turned tracking on is swallowed. In the lane **Tracking** that is the only connection there is.',
    'A command may take 250 ms in all lanes; then the row is read from the database. The clients reconnect by themselves.',
    'Changes go on until the link is mended. Whoever missed the last one is told nothing any more.',
  ],
  modelled: [
    'The fault is made on purpose, by dropping bytes between two real processes and a real Valkey. Everything that follows from it is measured.',
  ],
  takeHome: {
    code: takeHomeCode,
    metric:
      'The events `link.down` and `link.up`, and `cache.stats().revalidations`: how often this process had to ask whether its copy was still right.',
    setting:
      '`coherence.maxStaleness`: how old an answer may be on the worst day. A quarter of it is the rhythm of the heartbeat, one tiny command per process; one second costs next to nothing.',
    docs: { title: 'Coherence', path: 'docs/concepts/coherence.md' },
  },
  quiz: {
    question:
      'Your processes hear of changes by pub/sub, and the client reconnects by itself within a second. A change is published in that second. What does a process with an old copy do?',
    options: [
      {
        label: 'It gets the message when it is back',
        isRight: false,
        because: 'Pub/sub keeps nothing. Who is not listening when it is said has missed it.',
      },
      {
        label: 'It serves the old copy until its time to live is over',
        isRight: true,
        because: 'Nothing tells it that anything was said. Only the time to live ends it, or the next change of the same key.',
      },
      {
        label: 'It empties its memory when it reconnects',
        isRight: false,
        because: 'It would have to do that itself, on every reconnect; and a link that falls silent without breaking never reconnects.',
      },
      {
        label: 'It asks Valkey at the next read',
        isRight: false,
        because: 'A copy in memory is there so that nobody has to ask. That is what a lease adds: without a sign of life, ask.',
      },
    ],
  },
  exhibits,
  run,
})
