/** The server said no; the message is for the reader. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
  constructor(status: number, body: Readonly<Record<string, unknown>>) {
    super(typeof body['error'] === 'string' ? body['error'] : `The server answered ${status}.`)
    this.status = status
    this.body = body
  }
}

export async function getJson<T>(path: string, signal?: AbortSignal): Promise<T> {
  return answer<T>(await fetch(path, signal === undefined ? {} : { signal }))
}

export async function postJson<T>(path: string, body: unknown): Promise<T> {
  const headers = { 'Content-Type': 'application/json' }
  return answer<T>(await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }))
}

async function answer<T>(response: Response): Promise<T> {
  if (!response.ok) throw new RefusedError(response.status, await response.json().catch(() => ({})))
  return response.json()
}
