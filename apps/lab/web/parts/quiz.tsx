import { useId, useState } from 'preact/hooks'
import type { Quiz as QuizData } from '../../scenarios/scenario.ts'
import { Inline } from './inline.tsx'

/** One question; each answer says why it is right or wrong, and another may be tried. */
export function Quiz({ quiz }: { quiz: QuizData }) {
  const name = useId()
  const [chosen, choose] = useState<number>()
  const answer = chosen === undefined ? undefined : quiz.options[chosen]
  return (
    <>
      <fieldset class="answers">
        <legend>
          <Inline text={quiz.question} />
        </legend>
        {quiz.options.map(({ label }, place) => (
          <label key={label} class="answer">
            <input type="radio" name={name} checked={chosen === place} onChange={() => choose(place)} />
            <span>{label}</span>
          </label>
        ))}
      </fieldset>
      <p class={answer?.isRight === true ? 'settled is-right' : 'settled'} aria-live="polite">
        {answer !== undefined && (
          <>
            <strong>{answer.isRight ? 'Yes.' : 'Not quite.'}</strong> <Inline text={answer.because} />
          </>
        )}
      </p>
    </>
  )
}
