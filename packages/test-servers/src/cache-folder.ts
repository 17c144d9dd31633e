import { chmod, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { tryLock } from './file-lock.ts'

/** Where fetched programs and prepared data are kept: `TIERCEL_CACHE_DIR`, `XDG_CACHE_HOME/tiercel` or `~/.cache/tiercel`. */
export function cacheFolder(): string {
  const { TIERCEL_CACHE_DIR: own, XDG_CACHE_HOME: xdg } = process.env
  if (own) return own
  return join(xdg || join(homedir(), '.cache'), 'tiercel')
}

export type InstallOptions = {
  /** Called once when another process is building the same thing. */
  onWait?(): void
}

/** Returns the path of `name` in the cache folder and builds it first when it is missing. See `buildOnce`. */
export async function installOnce(name: string, build: (folder: string) => Promise<void>, options: InstallOptions = {}): Promise<string> {
  const target = join(cacheFolder(), name)
  await buildOnce(target, build, options)
  return target
}

/**
 * Builds the folder `target` when it is missing.
 *
 * `build` fills an empty folder, which is then renamed into place: a half-built one is never seen. The lock only saves
 * work: should two processes build at once all the same, the second rename loses and its result is dropped.
 */
export async function buildOnce(target: string, build: (folder: string) => Promise<void>, options: InstallOptions = {}): Promise<void> {
  if (await exists(target)) return
  await mkdir(dirname(target), { recursive: true })
  const unlock = await waitForLock(`${target}.lock`, options)
  try {
    if (await exists(target)) return
    await removeLeftovers(target)
    await buildAndRename(target, build)
  } finally {
    await unlock()
  }
}

export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}

async function buildAndRename(target: string, build: (folder: string) => Promise<void>): Promise<void> {
  const draft = await mkdtemp(`${target}.draft-`)
  try {
    await build(draft)
    await chmod(draft, 0o755) // mkdtemp's 0700 would shut out others who share the cache folder
    await rename(draft, target).catch(async (error: unknown) => {
      if (!(await exists(target))) throw error
    })
  } finally {
    await rm(draft, { recursive: true, force: true })
  }
}

/** Drafts of a process that was killed while it built. Called under the lock. */
async function removeLeftovers(target: string): Promise<void> {
  const prefix = `${basename(target)}.draft-`
  const drafts = (await readdir(dirname(target))).filter((entry) => entry.startsWith(prefix))
  await Promise.all(drafts.map((entry) => rm(join(dirname(target), entry), { recursive: true, force: true })))
}

async function waitForLock(path: string, options: InstallOptions): Promise<() => Promise<void>> {
  for (let told = false; ; told = true) {
    const unlock = await tryLock(path)
    if (unlock !== undefined) return unlock
    if (!told) options.onWait?.()
    await wait(200)
  }
}
