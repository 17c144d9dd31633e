import { StoreError, UsageError } from '../kernel/errors.ts'

/**
 * There is no link: what a command rejects with that was not sent.
 *
 * @param last what the client reported last, where it is ours to listen to; only its text, as such objects may hold an AUTH command
 */
export function unavailable(clientName: string, state: string, last?: unknown): StoreError {
  const reported = last === undefined ? '' : ` (last error: ${textOf(last)})`
  return new StoreError('TIERCEL_STORE_UNAVAILABLE', `There is no link to the server: the ${clientName} client is ${state}${reported}.`)
}

/** The link broke with the command on it: it may have been executed or not. */
export function lost(clientName: string): StoreError {
  return new StoreError('TIERCEL_STORE_UNAVAILABLE', `The link of the ${clientName} client broke before the server's answer came.`)
}

/** The adapter was closed: what everything rejects with from then on. */
export function closed(clientName: string): UsageError {
  return new UsageError('TIERCEL_CLOSED', `The client (${clientName}) was closed before this call.`)
}

/** An `AggregateError` of all addresses of a host has a code, but no text. */
function textOf(error: unknown): string {
  const { message, code } = error as { message?: unknown; code?: unknown }
  return String(message || code || error)
}
