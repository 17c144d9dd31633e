import { UsageError } from '../kernel/errors.ts'
import { checkOptionNames, oneOf } from '../kernel/options.ts'
import { show } from '../kernel/show.ts'
import { discard, type FetchLike, type FetchRequest, type FetchResponse, refusal } from './fetch-exchange.ts'
import { urlTemplate } from './fetch-url.ts'
import { idempotencyKey } from './idempotency-key.ts'
import type { SourceContext, SourceParams, WriteContext } from './source.ts'

export type { FetchLike, FetchRequest, FetchResponse, SourceParams }

export interface FetchSourceOptions<T, Params = SourceParams> {
  /**
   * Where the value of a key is: a template, whose parameters are encoded, `'https://shop.example/products/{id}'`; or a function that returns an
   * absolute URL, in which what comes from parameters is yours to encode.
   */
  readonly url: string | ((params: Params) => string | URL)
  /** Default: the global `fetch`, looked up at each call. */
  readonly fetch?: FetchLike
  /** Headers of each request, or what returns them: tokens, versions. They win over ours. Default: none. */
  readonly headers?: Readonly<Record<string, string>> | ((request: FetchAbout<Params>) => FetchHeaders | Promise<FetchHeaders>)
  /** The value of a response to `GET`. Default: its JSON. */
  readonly read?: (response: FetchResponse, params: Params) => T | Promise<T>
  /** The body that stores a value. Default: its JSON. Another format has another `content-type`: set it in `headers`. */
  readonly write?: (value: T, params: Params) => string
  /** Default: `PUT`. */
  readonly storeMethod?: 'PUT' | 'POST' | 'PATCH'
  /**
   * The field of the value in which the source keeps the response's `ETag`, so that it travels with the value through every tier. A stale value is then asked for with
   * `If-None-Match`, and a 304 keeps it. It is no part of what is stored. Default: none; every load is a whole one.
   */
  readonly etag?: string
}

export type FetchHeaders = Readonly<Record<string, string>>

/** What a request is for. */
export interface FetchAbout<Params = SourceParams> {
  readonly method: string
  readonly params: Params
  /** Of a write; `undefined` for loads, and for writes that never come again. */
  readonly sequence: number | undefined
}

/** What the `LoadContext` of a resource has beside the signal; without it, loads are unconditional. */
export interface FetchLoadContext extends SourceContext {
  readonly stale?: { readonly value: unknown } | undefined
  notModified?<V>(): V
}

/** A `Source` of values that may be missing. */
export interface FetchSource<T, Params = SourceParams> {
  load(params: Params, context: FetchLoadContext): Promise<T | null>
  store(params: Params, value: T, context: WriteContext): Promise<void>
  remove(params: Params, context: WriteContext): Promise<void>
}

const optionNames = ['url', 'fetch', 'headers', 'read', 'write', 'storeMethod', 'etag']

/**
 * An HTTP service as a source: `GET` loads (404 and 410: there is none), `PUT` stores, `DELETE` removes. One request each. Writes that have
 * a sequence carry it with their key as `Idempotency-Key`, so that a service which heeds it executes them once.
 *
 * ```ts
 * const source = fetchSource<Product>({ url: 'https://shop.example/products/{id}', etag: 'etag' })
 * ```
 *
 * @throws {TIERCEL_INVALID_OPTION} {TIERCEL_UNKNOWN_OPTION}; its members reject with {TIERCEL_SOURCE_REFUSED}, {TIERCEL_SOURCE_UNAVAILABLE}, both with
 *   the `status` of the response, or with what `fetch` rejects with, unchanged
 */
export function fetchSource<T = unknown, Params extends SourceParams = SourceParams>(
  options: FetchSourceOptions<T, Params>,
): FetchSource<T, Params> {
  const { urlOf, etag, read, write, storeMethod } = checkOptions(options)

  async function send(about: FetchAbout<Params>, { signal }: SourceContext, extra: FetchHeaders, body?: string): Promise<Answer> {
    signal.throwIfAborted()
    const { method, params } = about
    const own = typeof options.headers === 'function' ? await options.headers(about) : options.headers
    const url = new URL(urlOf(params)).href
    const request = { method, headers: merged(extra, own), signal, ...(body !== undefined && { body }) }
    return { method, url, response: await (options.fetch ?? globalThis.fetch)(url, request) }
  }

  /** Of one that returns nothing. */
  async function settle(operation: string, { method, url, response }: Answer, isRight: boolean): Promise<void> {
    await discard(response)
    if (!isRight) throw refusal(operation, { method, url }, response.status)
  }

  async function load(params: Params, context: FetchLoadContext): Promise<T | null> {
    const known = context.notModified === undefined ? undefined : etagOf(context.stale?.value)
    const condition = known === undefined ? {} : { 'if-none-match': known }
    const answer = await send({ method: 'GET', params, sequence: undefined }, context, { accept: 'application/json', ...condition })
    const { response } = answer
    if (response.ok) return withEtag(await read(response, params), response.headers.get('etag'))
    const isKept = response.status === 304 && known !== undefined
    await settle('load', answer, isKept || isMissing(response.status))
    return isKept ? (context.notModified?.<T>() ?? null) : null
  }

  async function store(params: Params, value: T, context: WriteContext): Promise<void> {
    const headers = { 'content-type': 'application/json', ...idempotency(params, context) }
    const about = { method: storeMethod, params, sequence: context.sequence }
    const answer = await send(about, context, headers, write(withoutEtag(value), params))
    await settle('store', answer, answer.response.ok)
  }

  async function remove(params: Params, context: WriteContext): Promise<void> {
    const about = { method: 'DELETE', params, sequence: context.sequence }
    const answer = await send(about, context, idempotency(params, context))
    await settle('remove', answer, answer.response.ok || isMissing(answer.response.status))
  }

  function etagOf(value: unknown): string | undefined {
    const held = isObject(value) && etag !== undefined ? value[etag] : undefined
    return typeof held === 'string' ? held : undefined
  }

  function withEtag(value: T, given: string | null): T {
    return etag === undefined || given === null || !isObject(value) ? value : { ...value, [etag]: given }
  }

  function withoutEtag(value: T): T {
    return etag === undefined || !isObject(value)
      ? value
      : (Object.fromEntries(Object.entries(value).filter(([name]) => name !== etag)) as T)
  }

  return { load, store, remove }
}

interface CheckedOptions<T, Params> extends Required<Pick<FetchSourceOptions<T, Params>, 'read' | 'write' | 'storeMethod'>> {
  readonly urlOf: (params: Params) => string | URL
  readonly etag: string | undefined
}

interface Answer {
  readonly method: string
  readonly url: string
  readonly response: FetchResponse
}

function checkOptions<T, Params extends SourceParams>(options: FetchSourceOptions<T, Params>): CheckedOptions<T, Params> {
  checkOptionNames(options, optionNames, 'fetchSource')
  const { url, fetch, read, write, headers, storeMethod = 'PUT', etag } = options
  const refuse = (name: string, given: unknown, allowed: string): never => {
    throw new UsageError('TIERCEL_INVALID_OPTION', `fetchSource: ${name}: ${show(given)} is not ${allowed}.`)
  }
  if (typeof url !== 'function' && typeof url !== 'string') refuse('url', url, 'a template or a function')
  for (const [name, hook] of Object.entries({ fetch, read, write })) {
    if (hook !== undefined && typeof hook !== 'function') refuse(name, hook, 'a function')
  }
  if (headers !== undefined && typeof headers !== 'function' && !isObject(headers)) refuse('headers', headers, 'an object or a function')
  if (etag !== undefined && (typeof etag !== 'string' || etag === '')) refuse('etag', etag, 'the name of a field')
  return {
    urlOf: typeof url === 'string' ? urlTemplate(url, 'fetchSource: url') : url,
    read: read ?? (async (response) => (await response.json()) as T),
    write: write ?? ((value) => JSON.stringify(value)),
    storeMethod: oneOf(storeMethod, ['PUT', 'POST', 'PATCH'], 'fetchSource: storeMethod'),
    etag,
  }
}

function idempotency(params: SourceParams, { sequence }: WriteContext): FetchHeaders {
  return sequence === undefined ? {} : { 'idempotency-key': idempotencyKey(params, sequence) }
}

/** Names of headers do not tell upper from lower case; objects do. */
function merged(ours: FetchHeaders, theirs: FetchHeaders = {}): Record<string, string> {
  const lower = Object.entries(theirs).map(([name, value]) => [name.toLowerCase(), value] as const)
  return { ...ours, ...Object.fromEntries(lower) }
}

function isMissing(status: number): boolean {
  return status === 404 || status === 410
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
