import { ServerError } from '../kernel/errors.ts'
import type { Word } from './client.ts'
import { toGlideError } from './glide-error.ts'
import { asBytes, type Glide, glidePipeline, membersOf } from './glide-shape.ts'

/** GLIDE connects again without saying so. What the server says of the connection tells one from the next. */
const whoAmI = ['CLIENT', 'INFO']

/** What one pipeline was answered with, and on which connection. */
export interface GlideAnswer {
  readonly replies: readonly unknown[]
  readonly connection: string
}

/**
 * Sends commands as one pipeline, on one connection. GLIDE does not send a pipeline again.
 *
 * @param timeoutMs default: the client's own `requestTimeout`
 * @throws what GLIDE rejects with when there is no answer, and `ServerError` where the user may not use `CLIENT INFO`
 */
export async function askGlide(live: Glide, commands: readonly (readonly Word[])[], timeoutMs?: number): Promise<GlideAnswer> {
  const options = { decoder: asBytes, ...(timeoutMs === undefined ? {} : { timeout: timeoutMs }) } as const
  const replies = await membersOf(live).exec(glidePipeline([...commands, whoAmI]), false, options)
  return { connection: connectionOf(replies.pop()), replies }
}

/** Its number, and the addresses of both ends: a server that was started again counts from one. */
function connectionOf(reply: unknown): string {
  if (reply instanceof Error) throw toGlideError(reply)
  const found = /^id=\d+ addr=\S+ laddr=\S+/.exec(String(reply))
  if (found === null) throw new ServerError('CLIENT INFO was not answered with a connection')
  return found[0]
}
