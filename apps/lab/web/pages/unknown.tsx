import { follow } from '../state/route.ts'

export function Unknown({ what = 'There is no such page.' }: { what?: string }) {
  return (
    <div class="column page">
      <h1>{what}</h1>
      <p class="lead">
        <a href="/" onClick={follow}>
          Back to the departures board
        </a>
      </p>
    </div>
  )
}
