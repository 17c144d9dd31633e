import { StoreError, UsageError } from '../kernel/errors.ts'

/** There is no link: what a command rejects with that was not sent. */
export function unavailable(clientName: string, state: string): StoreError {
  return new StoreError('TIERCEL_STORE_UNAVAILABLE', `There is no link to the server: the ${clientName} client is ${state}.`)
}

/** The link broke with the command on it: it may have been executed or not. */
export function lost(clientName: string): StoreError {
  return new StoreError('TIERCEL_STORE_UNAVAILABLE', `The link of the ${clientName} client broke before the server's answer came.`)
}

/** The adapter was closed: what everything rejects with from then on. */
export function closed(clientName: string): UsageError {
  return new UsageError('TIERCEL_CLOSED', `The client (${clientName}) was closed before this call.`)
}
