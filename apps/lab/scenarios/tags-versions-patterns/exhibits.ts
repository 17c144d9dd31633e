import { codeOf } from '../code-of.ts'
import type { Exhibit } from '../run-result.ts'

/** What runs is shown as it is. */
const files = [
  { id: 'members', title: 'Set of members', about: 'Every write writes twice. Who invalidates has to be told every name.' },
  { id: 'pattern', title: 'Pattern', about: 'Nothing to keep, and the whole server to walk through.' },
  { id: 'version', title: 'Version key', about: 'Look at the `1` for a version that is not there: a lost key begins to count anew.' },
  {
    id: 'token',
    title: 'Token',
    about: 'A token is random and never comes again. Where there is none, nothing that carries the tag is valid.',
  },
] as const

export async function exhibits(): Promise<readonly Exhibit[]> {
  return files.map(({ id, title, about }) => ({
    id,
    kind: 'code',
    title,
    about,
    text: codeOf(new URL(`./ways/${id}.ts`, import.meta.url)),
  }))
}
