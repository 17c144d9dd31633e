import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/**
 * Guards a process or a folder: should this process end, even by SIGKILL, the process is killed and the folder removed.
 * Returns the function that ends the guarding.
 */
export function guard(kind: 'pid' | 'folder', value: number | string): () => void {
  tell(`+${kind} ${value}`)
  return () => tell(`-${kind} ${value}`)
}

let watchdog: ChildProcess | undefined

// A pipe takes the line at once, before the watchdog has even come up, so nothing started after this call is lost.
function tell(line: string): void {
  watchdog ??= startWatchdog()
  watchdog.stdin?.write(`${line}\n`)
}

function startWatchdog(): ChildProcess {
  // Detached: Ctrl-C goes to the whole process group, and the watchdog has to outlive the rest of it.
  const child = spawn(process.execPath, [fileURLToPath(new URL('./watchdog.mjs', import.meta.url))], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
    cwd: '/',
  })
  child.stdin.on('error', () => undefined)
  child.unref()
  // The type of a child's pipe does not say it, but it is a socket and must not keep this process alive.
  ;(child.stdin as unknown as { unref(): void }).unref()
  return child
}
