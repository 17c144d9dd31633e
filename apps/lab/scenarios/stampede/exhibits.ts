import { codeOf } from '../code-of.ts'
import type { Lab } from '../lab.ts'
import type { Exhibit } from '../run-result.ts'
import { hotQuestion } from './hot-question.ts'
import type { Parameters } from './parameters.ts'

/** What runs is shown as it is. */
const files = [
  { id: 'naive', title: 'Naive', about: 'Nothing keeps the second caller from doing what the first one does.' },
  { id: 'flight', title: 'In-process flight', about: 'A map of promises: one load per process instead of one per caller.' },
  { id: 'lock', title: 'Lock by hand', about: 'One load for all, at the price of polling, a second look, a token and a script.' },
  { id: 'tiercel', title: 'The Tiercel lanes', about: 'The lease needs no option; `beta` and `grace` are one each.' },
] as const

export async function exhibits(lab: Lab, { source }: Parameters): Promise<readonly Exhibit[]> {
  const code = files.map(({ id, title, about }): Exhibit => {
    return {
      id,
      kind: 'code',
      title: `${title}, the code that runs`,
      about,
      text: codeOf(new URL(`./approaches/${id}.ts`, import.meta.url)),
    }
  })
  if (source === 'timed') return code
  const { answers } = lab.airport.queries.busiest
  return [{ id: 'sql', kind: 'sql', title: 'The load', about: answers, text: hotQuestion(lab).sql }, ...code]
}
