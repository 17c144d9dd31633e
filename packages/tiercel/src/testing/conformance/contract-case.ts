/** One promise of a contract, checked: a test for any runner. */
export interface ConformanceCase {
  readonly name: string
  /** Rejects with an `AssertionError` where the promise is not kept. Cases do not depend on each other and may run in any order, one at a time. */
  run(): Promise<void>
}

/** A case before it has a subject. */
export interface ContractCase<Context> {
  readonly name: string
  readonly run: (context: Context) => Promise<void> | void
}

export function checksOf<Context>(): (name: string, run: ContractCase<Context>['run']) => ContractCase<Context> {
  return (name, run) => ({ name, run })
}

const patienceMs = 10_000
const pauseMs = 10

/** Until `check` does not throw any more; rejects with what it threw last. */
export async function eventually(check: () => Promise<void> | void): Promise<void> {
  const endAtMs = performance.now() + patienceMs
  for (;;) {
    try {
      return await check()
    } catch (error) {
      if (performance.now() > endAtMs) throw error
      await sleep(pauseMs)
    }
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

export const bytes = (text: string): Buffer => Buffer.from(text)
