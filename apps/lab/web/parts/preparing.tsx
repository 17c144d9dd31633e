import type { Preparation } from '../../server/preparation.ts'

const states = { waiting: 'waiting', running: '', done: 'ready', failed: 'could not be started' } as const

/** The servers start, and the database is filled the first time: what is being done, and how far it is. */
export function Preparing({ preparation }: { preparation: Preparation }) {
  const hasFailed = preparation.state === 'failed'
  return (
    <div class={hasFailed ? 'preparing has-failed' : 'preparing'}>
      <p class="preparing-title">{hasFailed ? 'Something could not be started' : 'Getting ready'}</p>
      <ul>
        {preparation.steps.map(({ id, label, state, detail, fraction }) => (
          <li key={id} class={`is-${state}`}>
            <span class="step-label">{label}</span>
            {state === 'running' ? (
              <progress aria-label={label} max={1} {...(fraction === undefined ? {} : { value: fraction })} />
            ) : (
              <span class="step-state">{states[state]}</span>
            )}
            <span class="step-detail">{detail}</span>
          </li>
        ))}
      </ul>
      <p class="muted">
        {hasFailed
          ? 'The terminal in which the lab runs says more. VALKEY_URL and DATABASE_URL name servers of your own; then start it again.'
          : 'The first time, the database is filled, which takes some ten seconds; later it is there at once.'}
      </p>
    </div>
  )
}
