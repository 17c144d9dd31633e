import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

// Below the range that systems use for outgoing connections. A client that keeps reconnecting to a port of that range
// while its server is down can be given that very port as its own, connect to itself and keep the server from coming back.
const lowest = 10_000
const highest = 29_999

/** A port of 127.0.0.1 on which nobody listens. It can still be lost before it is used: be ready to try another. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(lowest, highest + 1)
    if (await canListen(port)) return port
  }
  throw new Error(`no free port between ${lowest} and ${highest}`)
}

function canListen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)))
  })
}
