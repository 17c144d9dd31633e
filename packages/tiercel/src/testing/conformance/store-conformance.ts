import { checkOptionNames } from '../../kernel/options.ts'
import type { Store } from '../../stores/store.ts'
import type { ConformanceCase } from './contract-case.ts'
import { changeCases, followCases } from './store-changes.ts'
import { claimCases } from './store-claims.ts'
import { storeContext } from './store-context.ts'
import { fenceCases } from './store-fences.ts'
import { tagCases } from './store-tags.ts'
import { valueCases } from './store-values.ts'

export interface StoreConformanceOptions {
  /** Makes a store of the kind that is checked. Called once or twice per case; the case closes what it got. Other stores may share its place: keys are the case's own. */
  open(): Store | Promise<Store>
  /** Called after a case, when the store was closed: ends what `open` made for it. */
  end?(store: Store): unknown
  /** What it has not got, though `Store` names it. Default: nothing. */
  readonly lacks?: readonly 'follow'[]
}

/**
 * What every store promises, as tests for any runner: the contract of `Store`, line by line.
 *
 * @throws {TIERCEL_UNKNOWN_OPTION} {TIERCEL_INVALID_OPTION}
 * @example
 * for (const { name, run } of storeConformance({ open: () => myStore() })) test(name, run)
 */
export function storeConformance(options: StoreConformanceOptions): readonly ConformanceCase[] {
  checkOptionNames(options, ['open', 'end', 'lacks'], 'storeConformance')
  const { open, end, lacks = [] } = options
  const follows = lacks.includes('follow') ? [] : followCases
  const cases = [...valueCases, ...claimCases, ...fenceCases, ...tagCases, ...changeCases, ...follows]
  return cases.map(({ name, run }) => ({
    name,
    async run() {
      const opened: Store[] = []
      const another = async (): Promise<Store> => {
        const store = await open()
        opened.push(store)
        await store.ready()
        return store
      }
      try {
        await run(storeContext(await another(), another))
      } finally {
        for (const store of opened) await store.close()
        for (const store of opened) await end?.(store)
      }
    },
  }))
}
