import type { Socket } from 'node:net'

/**
 * Tells the other end that the connection broke. One that is being shut down is closed instead: a reset is refused then, and Node would keep the
 * socket for good.
 */
export function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
