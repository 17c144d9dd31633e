import { BoardTable } from '../parts/board.tsx'
import { Facts } from '../parts/facts.tsx'
import { LiveStrip } from '../parts/live-strip.tsx'
import { lab } from '../state/connection.ts'
import { follow, navigate } from '../state/route.ts'
import { startTour } from '../state/tour.ts'

/** The airport: what can be learnt here, and what it runs on. */
export function Home() {
  const { board, facts } = lab.value
  const first = board.flatMap(({ scenarios }) => scenarios).find(({ open }) => open !== undefined)
  const takeTour = () => {
    startTour()
    navigate(`/scenario/${first?.open?.id}`)
  }
  return (
    <div class="page home">
      <section class="wide hero">
        <h1>
          Caching, measured <br />
          on your own machine
        </h1>
        <p class="lead">
          An airport with a real database and a real Valkey. Ask a question, make a guess, run it, and see: thousands of requests, nothing
          drawn from imagination.
        </p>
        {first?.open !== undefined && (
          <p class="actions">
            <button type="button" class="primary" onClick={takeTour}>
              Take the tour, thirty seconds
            </button>
            <a href={`/scenario/${first.open.id}`} onClick={follow}>
              or go straight to the first gate
            </a>
          </p>
        )}
      </section>
      <LiveStrip />
      <BoardTable board={board} />
      <Facts facts={facts} />
    </div>
  )
}
