import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { TestServerError } from './test-server-error.ts'

/** A reply in the old protocol (RESP2): enough for asking a server how it is. */
export type Reply = string | number | null | Reply[]

export type Address = {
  readonly host: string
  readonly port: number
  readonly tls?: boolean
  /** Words of an AUTH command without its name. */
  readonly auth?: readonly string[]
}

const defaultTimeoutMs = 2000

/**
 * Sends one command on a connection of its own and returns the reply.
 *
 * @throws TestServerError TIERCEL_TEST_SERVER_REPLY when the server answers with an error
 * @throws Error when there is no connection, or no answer within the time
 */
export async function ask(address: Address, words: readonly (string | number)[], timeoutMs: number = defaultTimeoutMs): Promise<Reply> {
  const commands = address.auth === undefined ? [words] : [['AUTH', ...address.auth], words]
  const replies = await exchange(address, commands, timeoutMs)
  const failed = replies.find((reply) => reply instanceof ReplyError)
  if (failed !== undefined) throw new TestServerError('TIERCEL_TEST_SERVER_REPLY', `${words.join(' ')}: ${failed.text}`)
  return replies.at(-1) as Reply
}

/** The text of a reply that is known to be one. */
export async function askText(address: Address, words: readonly (string | number)[]): Promise<string> {
  return String(await ask(address, words))
}

function exchange(address: Address, commands: readonly (readonly (string | number)[])[], timeoutMs: number): Promise<Parsed[]> {
  return new Promise((resolve, reject) => {
    const { host, port, tls } = address
    const socket: Socket = tls ? connectTls({ host, port, servername: host }) : connect({ host, port })
    const end = (error: Error | undefined, replies: Parsed[] = []): void => {
      clearTimeout(timer)
      socket.destroy()
      if (error === undefined) resolve(replies)
      else reject(error)
    }
    const timer = setTimeout(
      () => end(new Error(`${host}:${port} did not answer ${commands.at(-1)?.[0]} within ${timeoutMs} ms`)),
      timeoutMs,
    )
    let received: Buffer<ArrayBufferLike> = Buffer.alloc(0)
    socket.on('error', (error) => end(error))
    socket.on('close', () => end(new Error(`${host}:${port} closed the connection`)))
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      const replies = parseAll(received, commands.length)
      if (replies !== undefined) end(undefined, replies)
    })
    socket.write(commands.map(encode).join(''))
  })
}

function encode(words: readonly (string | number)[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`).join('')}`
}

/** An error line inside a reply; not thrown while parsing, as it may be one of several replies. */
class ReplyError {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Parsed = Reply | ReplyError

/** The given number of replies, or `undefined` while they are not all there. */
function parseAll(bytes: Buffer, count: number): Parsed[] | undefined {
  const replies: Parsed[] = []
  let at = 0
  while (replies.length < count) {
    const found = parse(bytes, at)
    if (found === undefined) return undefined
    replies.push(found.value)
    at = found.end
  }
  return replies
}

function parse(bytes: Buffer, start: number): { value: Parsed; end: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n', start)
  if (lineEnd < 0) return undefined
  const rest = bytes.toString('utf8', start + 1, lineEnd)
  const end = lineEnd + 2
  switch (String.fromCharCode(bytes[start] ?? 0)) {
    case '+':
      return { value: rest, end }
    case ':':
      return { value: Number(rest), end }
    case '-':
      return { value: new ReplyError(rest), end }
    case '$':
      return parseBulk(bytes, end, Number(rest))
    case '*':
      return parseArray(bytes, end, Number(rest))
    default:
      throw new Error(`not a RESP2 reply: ${bytes.toString('latin1', start, lineEnd)}`)
  }
}

function parseBulk(bytes: Buffer, start: number, length: number): { value: Parsed; end: number } | undefined {
  if (length < 0) return { value: null, end: start }
  if (bytes.length < start + length + 2) return undefined
  return { value: bytes.toString('utf8', start, start + length), end: start + length + 2 }
}

function parseArray(bytes: Buffer, start: number, length: number): { value: Parsed; end: number } | undefined {
  if (length < 0) return { value: null, end: start }
  const items: Reply[] = []
  let at = start
  while (items.length < length) {
    const found = parse(bytes, at)
    if (found === undefined) return undefined
    items.push(found.value instanceof ReplyError ? found.value.text : found.value)
    at = found.end
  }
  return { value: items, end: at }
}
