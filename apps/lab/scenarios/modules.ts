/** The map: what the lab will teach, in the order in which a learner needs it. Titles that have no scenario yet say so on the board. */
export interface Module {
  readonly number: number
  readonly title: string
  readonly about: string
  /** Titles of all its scenarios, built or not; a built one is found by its title. */
  readonly scenarios: readonly string[]
}

export const modules: readonly Module[] = [
  {
    number: 1,
    title: 'Why cache',
    about: 'What a query costs, what a cache takes off it, and when it takes off nothing.',
    scenarios: ['What a query costs', 'What a cache saves', 'Where it does not pay', 'A thousand requests a second'],
  },
  {
    number: 2,
    title: 'Patterns',
    about: 'Who reads, who writes, who waits.',
    scenarios: [
      'Cache-aside',
      'Read-through',
      'Write-through',
      'Write-behind',
      'Refresh-ahead',
      'Four patterns, one workload',
      'The matrix, measured',
    ],
  },
  {
    number: 3,
    title: 'Keeping it true',
    about: 'How long an old answer lives after the truth has changed.',
    scenarios: ['Who sees the update', 'Tags, versions, patterns', 'Time to live and ages', 'Client-side caching, three modes'],
  },
  {
    number: 4,
    title: 'Herds and faults',
    about: 'A thousand callers for one missing key; a server that is slow, full or gone.',
    scenarios: ['Stampede', 'Pull the plug', 'Slow server', 'Full server'],
  },
  {
    number: 5,
    title: 'AI and APIs',
    about: 'Answers that cost money, and questions that only look alike.',
    scenarios: ['Weather and paid APIs', 'Semantic cache and its wrong hits', 'RAG layers and the bill'],
  },
  {
    number: 6,
    title: 'Structures',
    about: 'What Valkey does better than a table.',
    scenarios: ['Leaderboard', 'Sessions and the logout race', 'Rate limiter', 'Queue', 'Live analytics', 'Which structure for which need'],
  },
  {
    number: 7,
    title: 'Operate',
    about: 'Names, memory, eviction; what to look at on a server that is yours.',
    scenarios: ['Key names', 'Eviction, LRU against LFU', 'Doctor on your server', 'What to cache next'],
  },
  {
    number: 8,
    title: 'Decide',
    about: 'Your own numbers, put through what you have learnt.',
    scenarios: ['A decision tree fed by your numbers', 'Checklists', 'Quiz and certificate'],
  },
]
