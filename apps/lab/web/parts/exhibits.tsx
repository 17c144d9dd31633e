import type { Exhibit } from '../../scenarios/run-result.ts'
import { Code } from './code.tsx'
import { Inline } from './inline.tsx'

/** What was really asked and done, one thing after the other, each behind its title. */
export function Exhibits({ exhibits }: { exhibits: readonly Exhibit[] | null }) {
  if (exhibits === null) return <p class="muted">The query, its plan and the commands appear here as soon as the servers are free.</p>
  return (
    <>
      {exhibits.map(({ id, kind, title, about, text }, place) => (
        <details key={id} class="exhibit" open={place === 0}>
          <summary>{title}</summary>
          {about !== undefined && (
            <p class="about">
              <Inline text={about} />
            </p>
          )}
          <Code text={text} language={kind} label={title} />
        </details>
      ))}
    </>
  )
}
