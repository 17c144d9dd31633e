import type { ScenarioDescription } from '../../scenarios/description.ts'
import type { RunResult } from '../../scenarios/run-result.ts'
import { Inline } from './inline.tsx'

export interface VerdictProps {
  readonly result: RunResult
  readonly guess: ScenarioDescription['guess']
  readonly guessed: string | undefined
}

/** What the figures say, in words, and how the guess fared. */
export function Verdict({ result, guess, guessed }: VerdictProps) {
  const { verdict } = result
  const [first = '', ...rest] = verdict.sentence.split(/(?<=\.) /)
  return (
    <div class={`verdict is-${verdict.outcome}`}>
      <p class="verdict-text">
        <strong>
          <Inline text={first} />
        </strong>{' '}
        <Inline text={rest.join(' ')} />
      </p>
      <GuessSettled guess={guess} guessed={guessed} settled={result.guess} />
      <details class="rule">
        <summary>How this is judged</summary>
        <p>
          <Inline text={verdict.rule} />
        </p>
      </details>
    </div>
  )
}

function GuessSettled({ guess, guessed, settled }: Pick<VerdictProps, 'guess' | 'guessed'> & { settled: RunResult['guess'] }) {
  if (settled === undefined) return null
  const labelOf = (id: string) => guess.options.find((option) => option.id === id)?.label.replace(/^./, (letter) => letter.toLowerCase())
  return (
    <p class={guessed === settled.answer ? 'settled is-right' : 'settled'}>
      <strong>
        {guessed === undefined
          ? `Right would have been: ${labelOf(settled.answer)}.`
          : guessed === settled.answer
            ? 'You guessed right.'
            : `You guessed: ${labelOf(guessed)}. It was: ${labelOf(settled.answer)}.`}
      </strong>{' '}
      {settled.because}
    </p>
  )
}
