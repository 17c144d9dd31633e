import { codeOf } from '../code-of.ts'
import type { Exhibit } from '../run-result.ts'

/** What runs is shown as it is. */
const files = [
  { id: 'naive', title: 'Naive', about: 'Where does it wait without a limit? What becomes of a `DEL` that nobody hears?' },
  { id: 'careful', title: 'With care', about: 'Every wait has a limit, and every read pays it. Who shares a load here?' },
  { id: 'tiercel', title: 'Tiercel', about: 'What is not to be seen here are its defaults.' },
] as const

export async function exhibits(): Promise<readonly Exhibit[]> {
  return files.map(({ id, title, about }) => {
    return {
      id,
      kind: 'code',
      title: `${title}, the code of the lane`,
      about,
      text: codeOf(new URL(`./approaches/${id}.ts`, import.meta.url)),
    }
  })
}
