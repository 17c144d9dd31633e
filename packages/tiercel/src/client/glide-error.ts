import { ServerError, StoreError, TiercelError } from '../kernel/errors.ts'

/** GLIDE names these errors of the server in its own words; others keep theirs, with a colon behind it. */
const codes = new Map([
  ['ResponseError', 'ERR'],
  ['ExecAbortError', 'EXECABORT'],
  ['BusyLoadingError', 'LOADING'],
  ['NoScriptError', 'NOSCRIPT'],
  ['Moved', 'MOVED'],
  ['Ask', 'ASK'],
  ['TryAgain', 'TRYAGAIN'],
  ['ClusterDown', 'CLUSTERDOWN'],
  ['CrossSlot', 'CROSSSLOT'],
  ['MasterDown', 'MASTERDOWN'],
  ['ReadOnly', 'READONLY'],
  ['NotBusy', 'NOTBUSY'],
  ['PermissionDenied', 'NOPERM'],
])

const named = /^An error was signalled by the server: - (\w+): ?(.*)$/s
const kept = /^([A-Z][A-Z0-9_]*): ?(.*)$/s

/** What GLIDE rejected with, in our words. What is no answer of the server may have been executed, or not. */
export function toGlideError(error: unknown): Error {
  if (TiercelError.is(error)) return error
  const text = error instanceof Error ? error.message : String(error)
  const [, name, rest] = named.exec(text) ?? []
  if (name !== undefined) return new ServerError(`${codes.get(name) ?? 'ERR'} ${rest}`)
  const [, code, message] = kept.exec(text) ?? []
  if (code !== undefined) return new ServerError(`${code} ${message}`)
  return new StoreError('TIERCEL_STORE_UNAVAILABLE', `GLIDE has no answer of the server: ${text}`, { cause: error })
}
