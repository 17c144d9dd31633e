import type { BoardModule } from '../../scenarios/description.ts'
import { follow } from '../state/route.ts'

/** The departures board: every module that will be, and honestly which of them are. */
export function BoardTable({ board }: { board: readonly BoardModule[] }) {
  return (
    <section class="board-holder" aria-labelledby="departures">
      <div class="board wide">
        <h2 id="departures">Departures</h2>
        <ol>
          {board.map((module) => (
            <BoardRow key={module.number} module={module} />
          ))}
        </ol>
      </div>
    </section>
  )
}

function BoardRow({ module: { number, title, about, scenarios } }: { module: BoardModule }) {
  const open = scenarios.filter((scenario) => scenario.open !== undefined)
  const isOpen = open.length > 0
  return (
    <li class={isOpen ? 'gate is-open' : 'gate'}>
      <span class="gate-number">
        <span class="unseen">Gate </span>
        {number}
      </span>
      <div class="gate-text">
        <h3>{title}</h3>
        <p class="gate-about">{about}</p>
        <ul class="gate-scenarios">
          {scenarios.map((scenario) => (
            <li key={scenario.title}>
              {scenario.open === undefined ? (
                <span class="muted">{scenario.title}</span>
              ) : (
                <a href={`/scenario/${scenario.open.id}`} onClick={follow}>
                  {scenario.title}
                </a>
              )}
            </li>
          ))}
        </ul>
      </div>
      <p class="gate-state">{isOpen ? `${open.length} of ${scenarios.length} open` : 'Not yet scheduled'}</p>
    </li>
  )
}
