export type TestServerErrorCode =
  /** No binary of the server could be found or fetched. */
  | 'TIERCEL_TEST_SERVER_UNAVAILABLE'
  /** The server was started, or was said to run, and did not answer in time. */
  | 'TIERCEL_TEST_SERVER_NOT_READY'
  /** Another process has the data folder open. */
  | 'TIERCEL_TEST_SERVER_IN_USE'
  /** The server answered with an error. */
  | 'TIERCEL_TEST_SERVER_REPLY'
  /** An environment variable or option cannot be used as given. */
  | 'TIERCEL_TEST_SERVER_CONFIG'

/** Every failure of this package but a bug in it. The message says what to do. */
export class TestServerError extends Error {
  readonly code: TestServerErrorCode

  constructor(code: TestServerErrorCode, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'TestServerError'
    this.code = code
  }
}

/** What a caught value says, for the message of the error that wraps it. */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
