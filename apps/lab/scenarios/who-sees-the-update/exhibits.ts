import { codeOf } from '../code-of.ts'
import type { Exhibit } from '../run-result.ts'
import { statements } from './gates.ts'

/** What runs is shown as it is. */
const files = [
  { id: 'pub-sub', title: 'Pub/sub', about: 'Correct as long as every message arrives. What happens to one that does not?' },
  {
    id: 'tracking',
    title: 'Tracking alone',
    about: 'The server keeps the list of who read what. A link that breaks empties the memory; one that only falls silent does not.',
  },
  { id: 'tiercel', title: 'Tracking and lease', about: 'The same messages, and an option that says how long silence is trusted.' },
] as const

export async function exhibits(): Promise<readonly Exhibit[]> {
  const sql = `-- read\n${statements.read}\n\n-- change, in a transaction of its own\n${statements.change}`
  const code = files.map(({ id, title, about }): Exhibit => {
    return {
      id,
      kind: 'code',
      title: `${title}, the code of both processes`,
      about,
      text: codeOf(new URL(`./approaches/${id}.ts`, import.meta.url)),
    }
  })
  return [
    ...code,
    { id: 'sql', kind: 'sql', title: 'The row', about: 'One row a lane, in a table that lives as long as the run.', text: sql },
  ]
}
