import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'

const beatMs = 2000
const staleMs = 60_000

/**
 * Takes a lock file, or returns `undefined` when somebody alive has it. Returns the function that gives it back.
 *
 * The owner touches the file. A lock is void when its process is gone from this machine, or untouched for a minute:
 * the second is for machines and containers that share a folder, where process ids mean nothing.
 */
export async function tryLock(path: string): Promise<(() => Promise<void>) | undefined> {
  if (!(await tryCreate(path))) {
    if (!(await isVoid(path))) return undefined
    await rm(path, { force: true })
    if (!(await tryCreate(path))) return undefined
  }
  const heart = setInterval(() => void touch(path), beatMs)
  heart.unref()
  return async () => {
    clearInterval(heart)
    await rm(path, { force: true })
  }
}

async function tryCreate(path: string): Promise<boolean> {
  return writeFile(path, `${hostname()} ${process.pid}`, { flag: 'wx' }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
}

async function isVoid(path: string): Promise<boolean> {
  const [text, found] = await Promise.all([readFile(path, 'utf8').catch(() => ''), stat(path).catch(() => undefined)])
  if (found === undefined) return true
  const [host, pid] = text.split(' ')
  return Date.now() - found.mtimeMs > staleMs || (host === hostname() && !isAlive(Number(pid)))
}

/** Signal 0 is a question. A refusal (EPERM) means that there is such a process. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date()
  await utimes(path, now, now).catch(() => undefined)
}
