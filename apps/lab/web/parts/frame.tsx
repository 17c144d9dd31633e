import { isHeard, lab } from '../state/connection.ts'
import { follow } from '../state/route.ts'

/** Name of the house, and whether somebody is at home. */
export function Header() {
  return (
    <header class="header wide">
      <a class="wordmark" href="/" onClick={follow}>
        <svg aria-hidden="true" viewBox="0 0 32 32" width="22" height="22">
          <rect x="2" y="5" width="28" height="5" rx="1.2" />
          <rect x="2" y="13.5" width="18" height="5" rx="1.2" />
          <rect x="2" y="22" width="9" height="5" rx="1.2" />
        </svg>
        Tiercel lab
      </a>
      <ServerState />
    </header>
  )
}

function ServerState() {
  const { state } = lab.value.preparation
  const [kind, text] = !isHeard.value
    ? ['gone', 'server is gone']
    : state === 'ready'
      ? ['ready', lab.value.active === null ? 'servers ready' : 'a run is going on']
      : state === 'failed'
        ? ['failed', 'not everything started']
        : ['preparing', 'getting ready']
  return (
    <p class={`server-state is-${kind}`} role="status">
      <span class="lamp" aria-hidden="true" />
      {text}
    </p>
  )
}

export function Footer() {
  return (
    <footer class="footer wide">
      <p>
        Airports: OurAirports, public domain. Tables after the Flughafen DB by Stefan Pröll, Eva Zangerle and Wolfgang Gassler, CC BY 4.0.
        Airlines, flights and people are invented.
      </p>
      <p>Typeface: Atkinson Hyperlegible by the Braille Institute, OFL. Nothing on this page comes from another host.</p>
    </footer>
  )
}
