import type { Outcome } from '../../scenarios/outcome.ts'

/** Colour and shape of an outcome; the shape alone tells them apart. Always beside its name. */
export function OutcomeIcon({ outcome }: { outcome: Outcome }) {
  return (
    <svg class={`outcome is-${outcome}`} viewBox="0 0 12 12" width="12" height="12" aria-hidden="true">
      {shapes[outcome]}
    </svg>
  )
}

const shapes = {
  l1: <circle cx="6" cy="6" r="4.6" />,
  l2: <path d="M6 0.6 11.4 6 6 11.4 0.6 6Z" />,
  refreshed: <path d="M6 1.6 10.4 6 6 10.4 1.6 6Z" fill="none" stroke="currentColor" stroke-width="2" />,
  stale: <path d="M6 1 11.4 10.6H0.6Z" />,
  waited: <path d="M1.6 1H5V11H1.6ZM7 1H10.4V11H7Z" />,
  joined: <rect x="2" y="2" width="8" height="8" fill="none" stroke="currentColor" stroke-width="2" />,
  source: <rect x="1.2" y="1.2" width="9.6" height="9.6" />,
  error: <path d="M2 2 10 10M10 2 2 10" fill="none" stroke="currentColor" stroke-width="2.4" />,
} as const
