import type { Client } from '../../client/client.ts'
import { checkOptionNames } from '../../kernel/options.ts'
import { commandCases, errorInArrayCases } from './client-commands.ts'
import { clientContext } from './client-context.ts'
import { linkCases, trackingCases } from './client-links.ts'
import { replyCases } from './client-replies.ts'
import type { ConformanceCase } from './contract-case.ts'

export interface ClientConformanceOptions {
  /** Makes a client of a server, or a cluster, that may be used for tests: its scripts are flushed, and keys under `{tiercel:conformance:…}` are left behind. Called once per case. */
  open(): Client | Promise<Client>
  /** Called after a case, when the client was closed: ends what `open` made for it. */
  end?(client: Client): unknown
  /** What it cannot do, and says so. Default: nothing. */
  readonly lacks?: readonly ClientLack[]
}

/** `tracking`: `track` rejects with `TIERCEL_UNSUPPORTED`. `errors in arrays`: an error inside an array rejects the command. */
export type ClientLack = 'tracking' | 'errors in arrays'

/**
 * What every client promises on links that hold, as tests for any runner: the contract of `Client`. What it promises of links that break is tested
 * by Tiercel itself for its own adapters, with servers that are killed.
 *
 * @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION}
 * @example
 * for (const { name, run } of clientConformance({ open: () => adaptClient(new Redis(url)) })) test(name, run)
 */
export function clientConformance(options: ClientConformanceOptions): readonly ConformanceCase[] {
  checkOptionNames(options, ['open', 'end', 'lacks'], 'clientConformance')
  const { open, end, lacks = [] } = options
  const cases = [
    ...replyCases,
    ...(lacks.includes('errors in arrays') ? [] : errorInArrayCases),
    ...commandCases,
    ...(lacks.includes('tracking') ? [] : trackingCases),
    ...linkCases,
  ]
  return cases.map(({ name, run }) => ({
    name,
    async run() {
      const client = await open()
      try {
        await client.ready()
        await run(clientContext(client))
      } finally {
        await client.close()
        await end?.(client)
      }
    },
  }))
}
