import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { tryLock } from './file-lock.ts'
import { reasonOf, TestServerError } from './test-server-error.ts'

export type EmbeddedPostgres = { readonly connectionString: string; stop(): Promise<void> }

/**
 * Opens a data folder with PGlite in a worker thread and serves it on a free port of 127.0.0.1. An empty or missing folder
 * is initialised, which takes seconds.
 *
 * @throws TestServerError TIERCEL_TEST_SERVER_IN_USE when another process has the folder open, TIERCEL_TEST_SERVER_NOT_READY
 */
export async function openEmbedded(dataDir: string): Promise<EmbeddedPostgres> {
  const unlock = await tryLock(`${dataDir}.lock`)
  if (unlock === undefined) {
    throw new TestServerError('TIERCEL_TEST_SERVER_IN_USE', `another process has the database folder ${dataDir} open; two would destroy it`)
  }
  // Without the flags of this process: they would load what only TypeScript needs.
  const worker = new Worker(new URL('./postgres-worker.mjs', import.meta.url), { workerData: { dataDir }, execArgv: [] })
  const port = await listeningPort(worker).catch(async (error: unknown) => {
    await unlock()
    throw error
  })
  worker.unref()
  return { connectionString: `postgres://postgres@127.0.0.1:${port}/postgres`, stop: onlyOnce(() => end(worker, unlock)) }
}

async function listeningPort(worker: Worker): Promise<number> {
  const cancel = new AbortController()
  const { signal } = cancel
  try {
    const ended = once(worker, 'exit', { signal }).then(() => Promise.reject(new Error('its thread ended')))
    const [message] = (await Promise.race([once(worker, 'message', { signal }), ended])) as [{ port: number }]
    return message.port
  } catch (cause) {
    throw new TestServerError('TIERCEL_TEST_SERVER_NOT_READY', `the embedded database did not start: ${reasonOf(cause)}`, { cause })
  } finally {
    cancel.abort()
  }
}

async function end(worker: Worker, unlock: () => Promise<void>): Promise<void> {
  worker.ref()
  const gone = once(worker, 'exit')
  worker.postMessage('stop')
  await gone.finally(unlock)
}

function onlyOnce(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () => (done ??= work())
}
