import { isHeard } from '../state/connection.ts'

/** The server was stopped, or the machine slept. The page keeps what it has and tries again by itself. */
export function GoneNotice() {
  if (isHeard.value) return null
  return (
    <div class="gone" role="alert">
      <div class="wide">
        <strong>The lab’s server is gone.</strong> What you see stays. Start it again with <code>npm start</code>; the page notices by
        itself.
      </div>
    </div>
  )
}
