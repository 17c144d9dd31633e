import type { Fact } from '../../scenarios/run-result.ts'

/** What is real here. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <section class="wide facts" aria-labelledby="real">
      <h2 id="real">What is real here</h2>
      <dl>
        {facts.map(({ id, label, value, about }) => (
          <div key={id}>
            <dt>{label}</dt>
            <dd>
              {value}
              {about !== undefined && <span class="about">{about}</span>}
            </dd>
          </div>
        ))}
        <div>
          <dt>Modelled</dt>
          <dd>
            Only what a page says is
            <span class="about">Prices and other people’s latencies, where they come to be. Each page lists its own.</span>
          </dd>
        </div>
      </dl>
    </section>
  )
}
