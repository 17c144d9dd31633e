import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort } from '@tiercel/test-servers'

/** What was asked, and how it was answered. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
  readonly status: number
}

export interface ProductService {
  /** Ends with a slash. */
  readonly url: string
  readonly seen: Seen[]
  /** Answers the next requests with these, one each. */
  failWith(...statuses: number[]): void
  close(): Promise<void>
}

interface Held {
  readonly text: string | undefined
  readonly sequence: number
  readonly version: number
}

/** A real HTTP service that keeps bodies by path, tells versions as ETags, and writes what has a larger `x-sequence` only. */
export async function startProductService(): Promise<ProductService> {
  const held = new Map<string, Held>()
  const seen: Seen[] = []
  const failures: number[] = []
  let versions = 0

  function answer({ method = '', url: path = '', headers }: IncomingMessage, body: string, response: ServerResponse): void {
    const end = (status: number, text = ''): void => {
      seen.push({ method, path, headers, body, status })
      response.writeHead(status).end(text)
    }
    const failure = failures.shift()
    if (failure !== undefined) return end(failure, 'no')
    const there = held.get(path)
    if (method === 'GET') {
      if (there?.text === undefined) return end(404, 'none')
      const etag = `"v${there.version}"`
      response.setHeader('etag', etag)
      return headers['if-none-match'] === etag ? end(304) : end(200, there.text)
    }
    const sequence = headers['x-sequence'] === undefined ? undefined : Number(headers['x-sequence'])
    const before = there?.sequence ?? 0
    if (sequence === undefined || sequence > before) {
      held.set(path, { text: method === 'DELETE' ? undefined : body, sequence: sequence ?? before, version: ++versions })
    }
    return method === 'DELETE' && there?.text === undefined ? end(404) : end(204)
  }

  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => answer(request, Buffer.concat(parts).toString(), response))
  })
  const port = await freePort()
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    seen,
    failWith: (...statuses) => void failures.push(...statuses),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
