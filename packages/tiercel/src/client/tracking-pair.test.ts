import { beforeEach, describe, expect, it } from 'vitest'
import type { Reply, Word } from './client.ts'
import type { Link, TrackerEvents } from './link.ts'
import { LinkLife } from './link-life.ts'
import { LinkNews } from './link-news.ts'
import { openPair, type PairOptions, sendOn } from './tracking-pair.ts'

/** A data link and what is beside it; the server's side of both. */
class FakeLink {
  readonly sent: string[] = []
  readonly life = new LinkLife(new LinkNews())
  isReady = true
  untrackable: string | undefined
  redirect = -1
  flags = 'on'
  beside: TrackerEvents | undefined
  isBesideSilent = false
  isSilent = false

  async ready(): Promise<void> {}

  send(words: readonly Word[]): Promise<Reply> {
    const text = words.join(' ')
    this.sent.push(text)
    if (this.isSilent) return Promise.reject(new Error('silent'))
    if (text === 'CLIENT GETREDIR') return Promise.resolve(this.redirect)
    if (text.startsWith('CLIENT TRACKING ON')) this.redirect = 7
    if (text === 'CLIENT TRACKINGINFO') {
      const items = ['flags', [this.flags], 'redirect', this.redirect, 'prefixes', []]
      return Promise.resolve(
        items.map((item) =>
          Array.isArray(item) ? item.map((flag) => Buffer.from(flag)) : typeof item === 'string' ? Buffer.from(item) : item,
        ),
      )
    }
    return Promise.resolve(null)
  }

  async openReceiver(events: TrackerEvents) {
    this.beside = events
    return { id: '7', ping: async () => (this.isBesideSilent ? Promise.reject(new Error('silent')) : undefined), close: () => {} }
  }
}

describe('a pair of links', () => {
  const options: PairOptions = { clientName: 'fake', mode: 'optin', noLoop: true, prefixes: ['p:'], topology: 'standalone' }
  let fake: FakeLink
  let ends: number

  const open = (given: PairOptions = options) => openPair(fake as unknown as Link, given, { onInvalidate: () => {}, onEnd: () => ends++ })

  beforeEach(() => {
    fake = new FakeLink()
    ends = 0
  })

  it('has the one redirected to the other', async () => {
    await open()
    expect(fake.sent).toEqual(['CLIENT GETREDIR', 'CLIENT TRACKING OFF', 'CLIENT TRACKING ON REDIRECT 7 OPTIN NOLOOP'])
    await open({ ...options, mode: 'broadcast', noLoop: false }).catch(() => {})
    expect(fake.sent).toHaveLength(3)
  })

  it.each([
    ['the data link does not answer', (): void => void (fake.isSilent = true)],
    ['the other link does not answer', (): void => void (fake.isBesideSilent = true)],
    ['the server has forgotten it', (): void => void (fake.redirect = -1)],
    ['the server redirects elsewhere', (): void => void (fake.redirect = 8)],
    ['the server says that the redirection is broken', (): void => void (fake.flags = 'broken_redirect')],
    ['the server does not track any more', (): void => void (fake.flags = 'off')],
  ])('has no heartbeat when %s', async (_, breakIt) => {
    const pair = await open()
    await pair.ping()
    breakIt()
    await expect(pair.ping()).rejects.toThrow()
  })

  it('ends once, with either link', async () => {
    fake.life.opened()
    await open()
    fake.life.lost()
    fake.beside?.onEnd()
    expect(ends).toBe(1)
    expect(fake.life.pair).toBe(undefined)
  })

  it('lets go of the link when the other one is lost, so that it can be tracked anew', async () => {
    await open()
    fake.beside?.onEnd()
    expect(fake.sent.at(-1)).toBe('CLIENT TRACKING OFF')
    fake.redirect = -1
    await open({ ...options })
    expect(ends).toBe(1)
  })

  it('does not turn off what the next one has turned on', async () => {
    const first = await open()
    await open()
    fake.sent.length = 0
    first.close()
    expect(fake.sent).toEqual([])
    expect(fake.life.pair).toBeDefined()
  })

  it('announces the reads that are to be watched, right before them', async () => {
    const link = fake as unknown as Link
    const read = { words: ['GET', 'a'], tracked: true }
    await sendOn(link, read)
    const pair = await open()
    fake.sent.length = 0
    await Promise.all([sendOn(link, read), sendOn(link, { words: ['GET', 'b'] })])
    expect(fake.sent).toEqual(['CLIENT CACHING YES', 'GET a', 'GET b'])
    pair.close()
    fake.sent.length = 0
    await sendOn(link, read)
    expect(fake.sent).toEqual(['GET a'])
  })

  it('is refused on a link that is tracked by somebody', async () => {
    fake.redirect = 0
    await expect(open()).rejects.toMatchObject({ code: 'TIERCEL_UNSUPPORTED' })
    fake.redirect = -1
    fake.untrackable = 'the client is tracked by its own option clientSideCache. Hand in one without it'
    await expect(open()).rejects.toThrow(/optin.*noLoop.*fake client.*clientSideCache.*broadcast/)
  })
})
