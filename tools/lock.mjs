// A lock between processes that share a folder: a directory whose making is atomic, holding one file that names its owner.
// The owner touches its file every few seconds; a lock whose owner is dead or silent is taken away.
import { mkdirSync, readdirSync, rmdirSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const touchMs = 5_000
const silentMs = 60_000
const bornMs = 5_000
const pollMs = 200

/**
 * Waits for the lock at `path`, then returns the function that gives it back.
 * @param {string} path
 * @param {(owner: string) => void} onWait called once when somebody else holds it
 */
export async function acquireLock(path, onWait) {
  mkdirSync(dirname(path), { recursive: true })
  let hasSaidSo = false
  for (;;) {
    const release = tryAcquire(path)
    if (release) return release
    const owner = ownerOf(path)
    if (!hasSaidSo && owner) {
      onWait(owner)
      hasSaidSo = true
    }
    await sleep(pollMs)
  }
}

function tryAcquire(path) {
  const ownerFile = join(path, `${process.pid}@${hostname()}`)
  try {
    mkdirSync(path)
    writeFileSync(ownerFile, '')
  } catch (error) {
    // EEXIST: held. ENOENT: made, and taken away as ownerless before its owner was written.
    if (error.code === 'EEXIST' || error.code === 'ENOENT') {
      removeIfStale(path)
      return undefined
    }
    throw error
  }
  const timer = setInterval(() => touch(ownerFile), touchMs)
  timer.unref()
  let isHeld = true
  return () => {
    if (!isHeld) return
    isHeld = false
    clearInterval(timer)
    quietly(() => unlinkSync(ownerFile))
    quietly(() => rmdirSync(path))
  }
}

function ownerOf(path) {
  return quietly(() => readdirSync(path)[0])
}

/** Only one process wins the unlink of a given owner file, and a directory with an owner in it cannot be removed. */
function removeIfStale(path) {
  const owner = ownerOf(path)
  const lastSeenMs = quietly(() => statSync(owner ? join(path, owner) : path).mtimeMs)
  if (lastSeenMs === undefined) return
  const silenceMs = Date.now() - lastSeenMs
  if (owner === undefined) {
    if (silenceMs > bornMs) quietly(() => rmdirSync(path))
    return
  }
  if (silenceMs < silentMs && !isDead(owner)) return
  quietly(() => unlinkSync(join(path, owner)))
  quietly(() => rmdirSync(path))
}

function isDead(owner) {
  const [pid, host] = owner.split('@')
  if (host !== hostname()) return false
  try {
    process.kill(Number(pid), 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

function touch(file) {
  const now = new Date()
  quietly(() => utimesSync(file, now, now))
}

function quietly(action) {
  try {
    return action()
  } catch {
    return undefined
  }
}
