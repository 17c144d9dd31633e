import { SourceError } from '../kernel/errors.ts'

/** `fetch`, of Node or of another package. */
export type FetchLike = (url: string, request: FetchRequest) => Promise<FetchResponse>

export interface FetchRequest {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: string
  readonly signal: AbortSignal
}

export interface FetchResponse {
  readonly status: number
  readonly ok: boolean
  readonly headers: { get(name: string): string | null }
  readonly body?: { cancel(): Promise<void> } | null
  json(): Promise<unknown>
  text(): Promise<string>
  arrayBuffer(): Promise<ArrayBuffer>
}

/**
 * What a response says that is neither the value nor "there is none". Only its method and place are in the message: a query may hold secrets, and a
 * body anything.
 */
export function refusal(
  operation: string,
  { method, url }: { readonly method: string; readonly url: string },
  status: number,
): SourceError {
  const { origin, pathname } = new URL(url)
  const code = isPassing(status) ? 'TIERCEL_SOURCE_UNAVAILABLE' : 'TIERCEL_SOURCE_REFUSED'
  return new SourceError(code, `${method} ${origin}${pathname} was answered with ${status}.`, status, { operation })
}

/** Its connection is free again; nobody reads it. */
export async function discard({ body }: FetchResponse): Promise<void> {
  await body?.cancel()
}

/** Request Timeout, Too Early, Too Many Requests, and what is the server's own fault. */
function isPassing(status: number): boolean {
  return status === 408 || status === 425 || status === 429 || status >= 500
}
