import type { Script } from '../../src/client/script.ts'
import { decodeEntry, decodeTags, encodeEntry, versionOffset } from '../../src/codecs/envelope.ts'
import { decodeTag } from '../../src/codecs/tag-token.ts'
import { crc32Short } from '../../src/kernel/hash.ts'
import { tokenBytes } from '../../src/kernel/token.ts'
import { fenceScript, snapScript } from '../../src/stores/fence-scripts.ts'
import { overwriteValue, putUnlessFenced, swapOver } from '../../src/stores/scripts.ts'
import { itemsOf } from './model/model-scripts.ts'
import type { Command, ModelServer, ScriptRun } from './model/model-server.ts'

const noNumber = '0'.repeat(16)
/** Of the sum over kind, version and state in an entry. */
const stateSumOffset = 14
const longLifeMs = 1e9

/** Mechanisms of the protocol that lie in what the server is asked to do, each with how it is switched off: a test does, to see that it would notice. */
const switches = {
  lease(server: ModelServer) {
    onSet(server, ({ key, value, isNew }) => {
      const present = isNew && value[0] === 'L' && !isLock(key) ? (server.text(key) ?? 'L') : ''
      return present[0] === 'L' || (!isNew && value[0] === 'V')
    })
    onScript(server, swapOver, (run) => (call, keys, args) => {
      if (args[0]?.[0] !== 'L' || args[1]?.[0] !== 'V') return run(call, keys, args)
      return force(server, keys[0], args[1], args[2])
    })
  },
  'version fence'(server: ModelServer) {
    onScript(server, swapOver, (run) => (call, keys, args) => {
      if (args[0]?.[0] !== 'V' || args[1]?.[0] !== 'V') return run(call, keys, args)
      return force(server, keys[0], args[1], args[2])
    })
  },
  'new version on expire'(server: ModelServer) {
    onScript(server, overwriteValue, (run) => (call, keys, [offset = '', bytes = '']) => {
      const present = server.contents.get(keys[0] as string)?.text ?? ''
      if (present[0] !== 'V') return run(call, keys, [offset, bytes])
      const head = Buffer.from(present.slice(0, versionOffset + tokenBytes) + bytes.slice(tokenBytes), 'latin1')
      head.writeUInt32LE(crc32Short(head, 0, stateSumOffset), stateSumOffset)
      return run(call, keys, [offset, head.toString('latin1', versionOffset)])
    })
  },
  'refresh lock'(server: ModelServer) {
    onSet(server, ({ key, isNew }) => isNew && isLock(key))
  },
  'shared error'(server: ModelServer) {
    onCommand(server, 'SET', (run) => (at, args, connection) => {
      if (args[1]?.[0] !== 'E' || !args.includes('IFEQ')) return run(at, args, connection)
      return server.text(args[0] as string) === args[3] && server.remove(args[0] as string) ? 'OK' : null
    })
    onScript(server, swapOver, (run) => (call, keys, args) => run(call, keys, args[1]?.[0] === 'E' ? [args[0] as string, '', '1'] : args))
  },
  fence(server: ModelServer) {
    onFence(server, (run, { op, targets }) => (op === 'close' ? run() : targets.map(() => 0)))
  },
  'fence renewed'(server: ModelServer) {
    onFence(server, (run, { op, targets }) => (op === 'renew' ? targets.map(() => 0) : run()))
  },
  'delete at close'(server: ModelServer) {
    onFence(server, (run, { op, owner, targets }) => {
      if (op !== 'close' || owner === '') return run()
      return targets.map((key) => (isFence(server, key) ? (run([key])[0] as number) : 1))
    })
  },
  'hold-off'(server: ModelServer) {
    onFence(server, (run, { op, targets }) => (op === 'close' ? run(targets, '0') : run()))
  },
  'owner list: newest wins'(server: ModelServer) {
    onFence(server, (run, { op, owner, targets }) => {
      if (op !== 'close') unfence(server, targets)
      const others = targets.filter((key) => op === 'close' && owner !== '' && isFence(server, key) && !held(server, key).includes(owner))
      return targets.map((key) => (others.includes(key) ? 1 : (run([key])[0] as number)))
    })
  },
  'owner list: none'(server: ModelServer) {
    onFence(server, (run, { op, targets }) => {
      if (op === 'close') unfence(server, targets)
      return run()
    })
  },
  'fences stand against delete'(server: ModelServer) {
    onFence(server, (run, { op, owner, targets, isTag }) => {
      if (op === 'close' && owner === '' && !isTag) unfence(server, targets)
      return run()
    })
  },
  'fences stand against set'(server: ModelServer) {
    onScript(server, putUnlessFenced, () => (_, keys, args) => force(server, keys[0], args[0], args[1]))
  },
  'not-after on set'(server: ModelServer) {
    onScript(server, putUnlessFenced, (run) => (call, keys, args) => run(call, keys, [args[0] as string, args[1] as string, '9e15']))
  },
  'fences stand against take-over'(server: ModelServer) {
    onScript(server, swapOver, (run) => (call, keys, args) => {
      const isTakeOver = args[1]?.[0] === 'L' && args[0]?.[0] !== 'L'
      return isTakeOver && isFence(server, keys[0] as string) ? force(server, keys[0], args[1], args[2]) : run(call, keys, args)
    })
  },
  'contended flag'(server: ModelServer) {
    onFence(server, (run, { op, targets }) => {
      for (const key of targets) {
        if (op === 'close' && isFence(server, key)) force(server, key, `F0${held(server, key).slice(2)}`, String(longLifeMs))
      }
      return run()
    })
  },
  'token before load'(server: ModelServer) {
    onCommand(
      server,
      'SET',
      (run) =>
        (at, [key = '', value = '', ...rest], connection) =>
          run(at, [key, rest.includes('IFEQ') ? withTokensOfNow(server, key, value) : value, ...rest], connection),
    )
    onScript(
      server,
      swapOver,
      (run) => (call, keys, args) =>
        run(call, keys, [args[0] as string, withTokensOfNow(server, keys[0] as string, args[1] as string), args[2] as string]),
    )
  },
  'late-tag check'(server: ModelServer) {
    onSnap(server, (tags) => tags.map((tag) => (tag[0] === 'T' ? tag.slice(0, -noNumber.length) + noNumber : tag)))
  },
  'missing tag is a miss'(server: ModelServer) {
    const last = new Map<string, string>()
    onCommand(server, 'MGET', (run) => (at, keys, connection) => {
      const contents = run(at, keys, connection) as (string | null)[]
      return contents.map((content, index) => {
        const key = keys[index] as string
        if (!key.includes(':t:')) return content
        if (content !== null) last.set(key, content)
        return content ?? last.get(key) ?? null
      })
    })
  },
  'random token'(server: ModelServer) {
    onScript(
      server,
      snapScript,
      (run) => (call, keys, args) =>
        run(
          call,
          keys,
          args.map((arg, at) => (at % 2 === 0 ? arg : '\x07'.repeat(2 * tokenBytes))),
        ),
    )
  },
  'dead fence of a tag counts'(server: ModelServer) {
    onScript(server, snapScript, (run) => (call, keys, args) => {
      const nowMs = Math.floor(server.timeMs)
      const dead = keys.slice(1).filter((key) => isFence(server, key) && itemsOf(held(server, key), '', nowMs).found.length === 0)
      for (const key of dead) server.remove(key)
      return run(call, keys, args)
    })
  },
} satisfies Record<string, (server: ModelServer) => void>

export type StoreMechanism = keyof typeof switches

export function weaken(server: ModelServer, off: StoreMechanism | undefined): void {
  if (off !== undefined) switches[off](server)
}

function isLock(key: string): boolean {
  return key.includes(':r:')
}

function held(server: ModelServer, key: string): string {
  return server.contents.get(key)?.text ?? ''
}

function isFence(server: ModelServer, key: string): boolean {
  return held(server, key)[0] === 'F'
}

function unfence(server: ModelServer, keys: readonly string[]): void {
  for (const key of keys) if (isFence(server, key)) server.remove(key)
}

function force(server: ModelServer, key = '', text = '', lifeMs = ''): 1 {
  server.put(key, text, Math.floor(server.timeMs) + Number(lifeMs))
  return 1
}

function onCommand(server: ModelServer, name: string, weaker: (run: Command) => Command): void {
  server.commands.set(name, weaker(server.commands.get(name) as Command))
}

function onScript(server: ModelServer, { sha1 }: Script, weaker: (run: ScriptRun) => ScriptRun): void {
  server.scripts.runs.set(sha1, weaker(server.scripts.runs.get(sha1) as ScriptRun))
}

/** Stores, whatever is there, where `isForced` says so. */
function onSet(server: ModelServer, isForced: (set: { key: string; value: string; isNew: boolean }) => boolean): void {
  onCommand(server, 'SET', (run) => (at, args, connection) => {
    const [key = '', value = '', ...rest] = args
    const isNew = rest.includes('NX')
    if ((!isNew && !rest.includes('IFEQ')) || !isForced({ key, value, isNew })) return run(at, args, connection)
    force(server, key, value, rest[rest.indexOf('PX') + 1])
    return isNew ? null : 'OK'
  })
}

interface FenceCall {
  readonly op: string
  readonly owner: string
  readonly targets: readonly string[]
  readonly isTag: boolean
}

type RunFence = (targets?: readonly string[], forMs?: string) => number[]

function onFence(server: ModelServer, weaker: (run: RunFence, call: FenceCall) => number[]): void {
  onScript(server, fenceScript, (whole) => (call, keys, args) => {
    const [op = '', owner = '', forMs = '', value = '', lifeMs = '', tagFlag = ''] = args
    const isTag = tagFlag === '1'
    const targets = isTag ? keys.slice(0, -1) : keys
    const run: RunFence = (some = targets, held = forMs) =>
      whole(call, isTag ? [...some, keys.at(-1) as string] : some, [op, owner, held, value, lifeMs, tagFlag]) as number[]
    return weaker(run, { op, owner, targets, isTag })
  })
}

function onSnap(server: ModelServer, change: (tags: readonly string[]) => string[]): void {
  onScript(server, snapScript, (run) => (call, keys, args) => {
    const [number = '', ...tags] = run(call, keys, args) as string[]
    return [number, ...change(tags)]
  })
}

/** An entry with the tokens that its tags hold when it is stored, not before it was loaded. */
function withTokensOfNow(server: ModelServer, key: string, text: string): string {
  const bytes = Buffer.from(text, 'latin1')
  const decoded = text[0] === 'V' ? decodeEntry(bytes, key, undefined) : undefined
  if (decoded?.kind !== 'value') return text
  const root = key.replace(/^tc1:e:([^:]*):.*$/, 'tc1:t:{$1:}')
  const tags = decodeTags(bytes, decoded.tagCount).map((tag) => {
    const now = Buffer.from(held(server, root + tag.name), 'latin1')
    if (decodeTag(now) === undefined) return tag
    return { name: tag.name, hardToken: now.subarray(1, 13), softToken: now.subarray(13, 25) }
  })
  const head = { ...decoded, version: bytes.subarray(1, 13), storedKey: key, echo: undefined, tags }
  return encodeEntry(head, { payload: bytes.subarray(decoded.payloadStart) }).toString('latin1')
}
