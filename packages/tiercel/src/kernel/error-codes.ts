/**
 * Every code that Tiercel throws, with what it means and what to do. The one table: a test holds the docs page
 * `docs/reference/errors.md` against it, and every code is thrown by a test. The texts are for that page and not part of a bundle.
 */
export const errorCodes: Readonly<Record<ErrorCode, CodeMeaning>> = {
  TIERCEL_UNKNOWN_OPTION: {
    retryable: false,
    meaning: 'An option is not known: a misspelt one would silently do nothing.',
    advice: 'Correct the name; the message lists the known ones.',
  },
  TIERCEL_INVALID_OPTION: {
    retryable: false,
    meaning: 'An option has a value that is not allowed. Values out of range are refused, never clamped.',
    advice: 'Give a value that the message names.',
  },
  TIERCEL_INVALID_DURATION: {
    retryable: false,
    meaning: 'A duration is out of range, or neither a number of milliseconds nor text such as "500ms", "30s", "5m", "1.5h", "7d", "2w".',
    advice: 'Give a duration of at least 1 ms and at most 10 years.',
  },
  TIERCEL_INVALID_KEY: {
    retryable: false,
    meaning: 'A key cannot be stored as it is: empty, with an empty or reserved part, with a lone surrogate, or of a wrong type.',
    advice: "Put everything that comes from outside into an array key: ['user', id]. Arrays take any text.",
  },
  TIERCEL_INVALID_TEMPLATE: {
    retryable: false,
    meaning: 'The key template of a resource, or the name of a memoized function, breaks the naming rules.',
    advice: 'The message names the segment and what to write instead: object:identifier:field, in lower case, as in product:{id}:details.',
  },
  TIERCEL_TEMPLATE_CONFLICT: {
    retryable: false,
    meaning: "Two resources or memoized functions of one namespace could produce the same key, and would read each other's values.",
    advice: 'Declare each once and share it, or give one of them a field or name of its own: product:{id}:details, product:{id}:stock.',
  },
  TIERCEL_INVALID_ARGUMENT: {
    retryable: false,
    meaning: 'An argument of a memoized function cannot be part of a key: a function, a symbol, an instance of a class, a cycle.',
    advice: 'Pass what tells one call from another, such as an id; the message names the argument and the path inside it.',
  },
  TIERCEL_INVALID_LOADER: {
    retryable: false,
    meaning: 'The loader is not a function.',
    advice: 'Pass the function that produces the value: getOrSet(key, () => db.product(id)).',
  },
  TIERCEL_INVALID_BATCH: {
    retryable: false,
    meaning:
      'loadMany returned neither an array with one entry per key nor a Map, or storeMany another number of outcomes than it had writes.',
    advice:
      'Return the values in the order of the keys, or a Map from key to value; null for "there is none", an Error for a key that failed. Of storeMany: nothing, or one outcome per write.',
  },
  TIERCEL_BATCH_FAILED: {
    retryable: false,
    meaning: "Some of several keys could not be loaded. The others are stored, and in the error's results.",
    advice: 'Look at results, or ask for partial results: getOrSetMany(keys, loadMany, { partial: true }).',
  },
  TIERCEL_UNDEFINED_VALUE: {
    retryable: false,
    meaning:
      'A loader returned undefined, or undefined was to be set, or null to be written to a source. undefined means "not in the cache", null that the source has none.',
    advice: 'Return null for "there is none"; a stored null is a value. From a source, remove.',
  },
  TIERCEL_UNSERIALIZABLE_VALUE: {
    retryable: false,
    meaning:
      'A value holds something that the codec cannot bring back as it was: a function, a symbol, a cycle; with JSON also a Date or a Map.',
    advice:
      'The message names the path inside the value. Convert it in the loader, for example with toISOString(), or use the structured codec of tiercel/codecs, which keeps Dates, Maps and more.',
  },
  TIERCEL_VALUE_TOO_LARGE: {
    retryable: false,
    meaning: 'A value takes more bytes, encoded and before it is compressed, than maxValueBytes allows. Nothing was stored.',
    advice: 'Cache a smaller part of it, or several keys; raise maxValueBytes only if the server and every reader can bear it.',
  },
  TIERCEL_SCHEMA_MISMATCH: {
    retryable: false,
    meaning: 'What a loader returned does not satisfy the schema of its own call. Nothing was stored.',
    advice: 'The message names the place of the first issue. Correct the loader or the schema.',
  },
  TIERCEL_CLIENT_UNKNOWN: {
    retryable: false,
    meaning: 'What was handed in as a client is none that Tiercel knows, or is used up.',
    advice: 'Hand in a client of @redis/client, redis, ioredis, iovalkey or @valkey/valkey-glide, or a URL.',
  },
  TIERCEL_CLIENT_MISSING: {
    retryable: false,
    meaning: 'A URL was given, and no client package is installed.',
    advice: 'npm install @redis/client (or ioredis, iovalkey), or hand in a live client.',
  },
  TIERCEL_UNSUPPORTED: {
    retryable: false,
    meaning: 'The client or server cannot do what was asked for.',
    advice: 'The message names what is missing and what to use instead.',
  },
  TIERCEL_CLOSED: {
    retryable: false,
    meaning: 'The cache, store or client was closed before this call.',
    advice: 'Close last; create a new cache to go on.',
  },
  TIERCEL_STORE_UNAVAILABLE: {
    retryable: true,
    meaning: 'There is no link to the server, or it broke before the answer came.',
    advice: 'Reads go on with the loader. Check that the server is up and reachable.',
  },
  TIERCEL_STORE_DEADLINE: {
    retryable: true,
    meaning: "The server did not answer within the store's budget.",
    advice:
      "Reads go on with the loader. Check the server's load and slow log; raise the store's timeout only if its network is that slow.",
  },
  TIERCEL_BREAKER_OPEN: {
    retryable: true,
    meaning: 'The server failed often lately, or was slow, and is not asked until it has answered a probe. Nothing was sent.',
    advice:
      "Reads go on with the loader. The cause is in the error's cause and in cache.health(); it is asked again by itself, soon after it has recovered.",
  },
  TIERCEL_STORE_OVERLOADED: {
    retryable: true,
    meaning: 'More commands, or bytes, wait for answers of the server than admission allows. Nothing was sent.',
    advice: 'Reads go on with the loader. Send less at a time, or raise admission of valkeyStore if process and server can bear it.',
  },
  TIERCEL_LOAD_REFUSED: {
    retryable: true,
    meaning: 'As many loaders run, and as many wait for their turn, as the cache allows. The loader was not called.',
    advice:
      'Find out why the source is slow; give values a grace, so that an older one is served; raise loads of createCache if the source can bear it.',
  },
  TIERCEL_LOAD_DEADLINE: {
    retryable: true,
    meaning: 'A value was not there within hardTimeout, and there was no stale one to serve.',
    advice:
      'The load goes on while others wait for it. Call again, raise hardTimeout, or give a grace, so that a stale value can stand in.',
  },
  TIERCEL_LOAD_FAILED: {
    retryable: true,
    meaning: 'The loader of this key failed a moment ago, here or in another process; within errorTtl it is not called again.',
    advice:
      "The message holds the beginning of the loader's own. Call again later; forceFresh loads at once; errorTtl: false shares no failures.",
  },
  TIERCEL_INVALID_ROW: {
    retryable: false,
    meaning:
      'A value cannot be written as a row by a source: it is no object, its key is that of another row, or a column has no usable name or content.',
    advice: 'The message names the column. Make the row in toRow of the source, and name its columns.',
  },
  TIERCEL_SOURCE_REFUSED: {
    retryable: false,
    meaning: 'The service behind a source answered with a status that says no: 400, 401, 409 and so on. It is in status of the error.',
    advice: 'Correct the request: url, headers, or the value. The same request will be refused again.',
  },
  TIERCEL_SOURCE_UNAVAILABLE: {
    retryable: true,
    meaning: 'The service behind a source answered that it cannot now: 408, 425, 429 or 5xx. It is in status of the error.',
    advice: 'Call again later. A write may have been executed all the same.',
  },
  TIERCEL_FENCED: {
    retryable: true,
    meaning: 'A value was to be set while somebody changes the source of its key.',
    advice: 'Nothing was stored. Let the next load produce the value.',
  },
  TIERCEL_WRITES_FULL: {
    retryable: true,
    meaning: 'More writes, or bytes of them, wait for the source than the log allows. Nothing was appended.',
    advice:
      "Find out why the source is slow or away: stats() tells the depth and the age of the oldest. Call again later, let calls wait with onFull: 'wait', or raise maxPending and maxPendingBytes if the server has the memory.",
  },
  TIERCEL_NOT_REPLICATED: {
    retryable: false,
    meaning:
      'A write was appended to the log, and fewer replicas than were asked for have confirmed it in time. It will reach the source unless the server is lost.',
    advice: 'Do not write it again for that reason alone. Check the replicas and their lag; ask for fewer, or give them a longer timeout.',
  },
  TIERCEL_SERVER_ERROR: {
    retryable: false,
    meaning: 'The server answered with an error: out of memory, read-only, no permission, and so on.',
    advice: "The message is the server's own.",
  },
}

export interface CodeMeaning {
  readonly retryable: boolean
  readonly meaning: string
  readonly advice: string
}

export type ErrorCode =
  | 'TIERCEL_UNKNOWN_OPTION'
  | 'TIERCEL_INVALID_OPTION'
  | 'TIERCEL_INVALID_DURATION'
  | 'TIERCEL_INVALID_KEY'
  | 'TIERCEL_INVALID_TEMPLATE'
  | 'TIERCEL_TEMPLATE_CONFLICT'
  | 'TIERCEL_INVALID_ARGUMENT'
  | 'TIERCEL_INVALID_LOADER'
  | 'TIERCEL_INVALID_BATCH'
  | 'TIERCEL_BATCH_FAILED'
  | 'TIERCEL_UNDEFINED_VALUE'
  | 'TIERCEL_UNSERIALIZABLE_VALUE'
  | 'TIERCEL_VALUE_TOO_LARGE'
  | 'TIERCEL_SCHEMA_MISMATCH'
  | 'TIERCEL_CLIENT_UNKNOWN'
  | 'TIERCEL_CLIENT_MISSING'
  | 'TIERCEL_UNSUPPORTED'
  | 'TIERCEL_CLOSED'
  | 'TIERCEL_STORE_UNAVAILABLE'
  | 'TIERCEL_STORE_DEADLINE'
  | 'TIERCEL_BREAKER_OPEN'
  | 'TIERCEL_STORE_OVERLOADED'
  | 'TIERCEL_LOAD_REFUSED'
  | 'TIERCEL_LOAD_DEADLINE'
  | 'TIERCEL_LOAD_FAILED'
  | 'TIERCEL_INVALID_ROW'
  | 'TIERCEL_SOURCE_REFUSED'
  | 'TIERCEL_SOURCE_UNAVAILABLE'
  | 'TIERCEL_FENCED'
  | 'TIERCEL_WRITES_FULL'
  | 'TIERCEL_NOT_REPLICATED'
  | 'TIERCEL_SERVER_ERROR'
