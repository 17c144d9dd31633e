import { useEffect, useRef } from 'preact/hooks'
import { route } from '../state/route.ts'
import { run } from '../state/run.ts'
import { endTour, moveTour, prefersStillness, tour, tourSteps } from '../state/tour.ts'

/** Leads through a page from section to section; whoever wants may stop it, go at their own pace, or leave. */
export function TourBar() {
  const now = tour.value
  const step = now === undefined ? undefined : tourSteps[now.step]
  const isPaused = now?.isPaused ?? true
  const { phase } = run.value
  const { page } = route.value
  const next = useRef<HTMLButtonElement>(null)

  useEffect(() => {
    if (step === undefined) return
    const section = document.getElementById(step.section)
    section?.scrollIntoView({ behavior: prefersStillness() ? 'instant' : 'smooth', block: 'start' })
  }, [step])
  useEffect(() => {
    if (step === undefined || isPaused) return
    if (step.stays === 'run') {
      if (phase === 'done') moveTour(1)
      return
    }
    if (step.stays === 0) return
    const timer = setTimeout(() => moveTour(1), step.stays)
    return () => clearTimeout(timer)
  }, [step, isPaused, phase])
  useEffect(() => {
    if (now !== undefined) next.current?.focus({ preventScroll: true })
  }, [now === undefined])
  useEffect(() => {
    if (page !== 'scenario') endTour()
  }, [page])

  if (now === undefined || step === undefined) return null
  const isLast = now.step === tourSteps.length - 1
  return (
    <section class="tour" aria-label="Tour" onKeyDown={({ key }) => key === 'Escape' && endTour()}>
      <p aria-live="polite">
        <span class="tour-step">
          {now.step + 1} of {tourSteps.length}
        </span>
        {step.text}
      </p>
      <div class="tour-buttons">
        {!isLast && (
          <button type="button" class="quiet" onClick={() => (tour.value = { ...now, isPaused: !now.isPaused })}>
            {now.isPaused ? 'Go on by itself' : 'Pause'}
          </button>
        )}
        {now.step > 0 && (
          <button type="button" class="quiet" onClick={() => moveTour(-1)}>
            Back
          </button>
        )}
        {!isLast && (
          <button type="button" class="quiet" onClick={endTour}>
            Leave
          </button>
        )}
        <button type="button" class="primary" ref={next} onClick={() => moveTour(1)}>
          {isLast ? 'Done' : 'Next'}
        </button>
      </div>
    </section>
  )
}
