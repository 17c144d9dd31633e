import { useId } from 'preact/hooks'
import type { ScenarioDescription } from '../../scenarios/description.ts'
import { Inline } from './inline.tsx'

export interface GuessProps {
  readonly guess: ScenarioDescription['guess']
  readonly chosen: string | undefined
  onChoose(id: string): void
}

/** The reader commits to an answer before the figures come. */
export function Guess({ guess, chosen, onChoose }: GuessProps) {
  const name = useId()
  return (
    <fieldset class="answers">
      <legend>
        <Inline text={guess.prompt} />
      </legend>
      {guess.options.map(({ id, label }) => (
        <label key={id} class="answer">
          <input type="radio" name={name} value={id} checked={chosen === id} onChange={() => onChoose(id)} />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  )
}
