import { formatShare } from '../../format/number.ts'
import { outcomeFacts, outcomes } from '../../scenarios/outcome.ts'
import type { LaneView } from './lane-view.ts'
import { OutcomeIcon } from './outcome-icon.tsx'

/** Who answered, lane by lane: a bar of all requests, divided by outcome, and the same in words under it. */
export function TierBars({ lanes }: { lanes: readonly LaneView[] }) {
  return (
    <ul class="tiers">
      {lanes.map((lane) => {
        const parts = outcomes.filter((outcome) => lane.outcomes[outcome] > 0)
        return (
          <li key={lane.id}>
            <span class="lane-name">{lane.label}</span>
            <span class="bar" aria-hidden="true">
              {parts.map((outcome) => (
                <span key={outcome} class={`part is-${outcome}`} style={{ flexGrow: String(lane.outcomes[outcome]) }} />
              ))}
            </span>
            <span class="parts">
              {parts.length === 0 && <span class="muted">no requests yet</span>}
              {parts.map((outcome) => (
                <span key={outcome} class="part-name">
                  <OutcomeIcon outcome={outcome} /> <b>{formatShare(lane.outcomes[outcome] / lane.requests)}</b>{' '}
                  {outcomeFacts[outcome].label}
                </span>
              ))}
            </span>
          </li>
        )
      })}
    </ul>
  )
}
