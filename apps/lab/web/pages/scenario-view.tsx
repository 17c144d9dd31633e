import { useEffect, useState } from 'preact/hooks'
import type { Preview, ScenarioDescription } from '../../scenarios/description.ts'
import { type Settings, toQuery } from '../../scenarios/parameters.ts'
import { Code } from '../parts/code.tsx'
import { Exhibits } from '../parts/exhibits.tsx'
import { Experiment } from '../parts/experiment.tsx'
import { Guess } from '../parts/guess.tsx'
import { Inline } from '../parts/inline.tsx'
import { Quiz } from '../parts/quiz.tsx'
import { Result } from '../parts/result.tsx'
import { lab } from '../state/connection.ts'
import { getJson } from '../state/http.ts'
import { follow, replaceAddress } from '../state/route.ts'
import { forgetRun, run } from '../state/run.ts'

export interface ScenarioViewProps {
  readonly scenario: ScenarioDescription
  readonly initial: Settings
  readonly problems: readonly string[]
}

const sections = [
  ['question', 'Question'],
  ['guess', 'Guess'],
  ['experiment', 'Run'],
  ['result', 'Result'],
  ['behind', 'Behind it'],
  ['take-home', 'Take it home'],
  ['quiz', 'Check yourself'],
] as const

/** One page: question, guess, run, result, what lies behind it, what to take home, and a question back. */
export function ScenarioView({ scenario, initial, problems }: ScenarioViewProps) {
  const [settings, setSettings] = useState(initial)
  const [guessed, setGuessed] = useState<string>()
  const preview = usePreview(scenario, settings)
  const state = run.value
  const change = (changed: Settings) => {
    setSettings(changed)
    replaceAddress(`/scenario/${scenario.id}?${toQuery(scenario.parameters, changed)}`)
    if (run.peek().phase !== 'running') forgetRun()
  }
  useEffect(() => () => forgetRun(), [])

  const result = state.phase === 'done' ? state.result : undefined
  const module = lab.value.board.find(({ number }) => number === scenario.module)
  return (
    <article class="page scenario">
      <nav class="steps" aria-label="On this page">
        <ol>
          {sections.map(([id, label]) => (
            <li key={id}>
              <a href={`#${id}`}>{label}</a>
            </li>
          ))}
        </ol>
      </nav>

      <section class="column" id="question">
        <p class="eyebrow">
          <a href="/" onClick={follow}>
            Departures
          </a>
          <span aria-hidden="true"> / </span>
          Gate {scenario.module}
          {module !== undefined && `, ${module.title.toLowerCase()}`}
          <span aria-hidden="true"> / </span>
          {scenario.title.toLowerCase()}, {scenario.minutes} minutes
        </p>
        <h1>{scenario.question}</h1>
        {scenario.story.map((paragraph) => (
          <p key={paragraph}>
            <Inline text={paragraph} />
          </p>
        ))}
      </section>

      <section class="column" id="guess" aria-labelledby="guess-title">
        <h2 id="guess-title">Guess first</h2>
        <Guess guess={scenario.guess} chosen={guessed} onChoose={setGuessed} />
      </section>

      <section class="stage" id="experiment" aria-labelledby="experiment-title">
        <Experiment scenario={scenario} settings={settings} problems={problems} laneIds={preview?.lanes} onChange={change} />
      </section>

      <section class="column-wide" id="result" aria-labelledby="result-title">
        <h2 id="result-title">Result</h2>
        <Result scenario={scenario} guessed={guessed} state={state} />
      </section>

      <section class="column-wide" id="behind" aria-labelledby="behind-title">
        <h2 id="behind-title">Behind it</h2>
        <Exhibits exhibits={result?.exhibits ?? preview?.exhibits ?? null} />
        <details class="exhibit">
          <summary>How it is measured</summary>
          <ul class="prose">
            {scenario.method.map((line) => (
              <li key={line}>
                <Inline text={line} />
              </li>
            ))}
          </ul>
        </details>
        <details class="exhibit" open>
          <summary>What is modelled</summary>
          <div class="prose">
            {scenario.modelled.length === 0 && <p>Nothing: all of it is measured.</p>}
            {scenario.modelled.map((line) => (
              <p key={line}>
                <Inline text={line} />
              </p>
            ))}
          </div>
        </details>
      </section>

      <section class="column" id="take-home" aria-labelledby="take-home-title">
        <h2 id="take-home-title">Take it home</h2>
        {preview !== undefined && <Code text={preview.code} language="code" label="The lines to paste" />}
        <dl class="advice">
          <dt>Watch</dt>
          <dd>
            <Inline text={scenario.metric} />
          </dd>
          <dt>Set</dt>
          <dd>
            <Inline text={scenario.setting} />
          </dd>
          {scenario.docs !== null && (
            <>
              <dt>Read</dt>
              <dd>
                {scenario.docs.title}, in <code>{scenario.docs.path}</code> of the repository
              </dd>
            </>
          )}
        </dl>
      </section>

      <section class="column" id="quiz" aria-labelledby="quiz-title">
        <h2 id="quiz-title">Check yourself</h2>
        <Quiz quiz={scenario.quiz} />
        <p class="way-back">
          <a href="/" onClick={follow}>
            Back to the departures board
          </a>
        </p>
      </section>
    </article>
  )
}

/** What depends on the settings, asked for again when they have been still for a moment, and when the servers become free. */
function usePreview(scenario: ScenarioDescription, settings: Settings): Preview | undefined {
  const [preview, setPreview] = useState<Preview>()
  const query = toQuery(scenario.parameters, settings)
  const { preparation, active } = lab.value
  const isFree = preparation.state === 'ready' && active === null
  useEffect(() => {
    const controller = new AbortController()
    const timer = setTimeout(
      () => {
        getJson<Preview>(`/api/scenarios/${scenario.id}/preview?${query}`, controller.signal).then(
          // What was seen before the servers became busy stays in sight.
          (fresh) =>
            setPreview((before) => (fresh.exhibits === null && before !== undefined ? { ...fresh, exhibits: before.exhibits } : fresh)),
          () => undefined,
        )
      },
      preview === undefined ? 0 : 250,
    )
    return () => {
      clearTimeout(timer)
      controller.abort()
    }
  }, [query, isFree])
  return preview
}
