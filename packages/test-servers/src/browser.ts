import { readFile } from 'node:fs/promises'
import { isExecutable, onPath } from './on-path.ts'
import { lastLines, runCommand } from './run-command.ts'

/** A Chromium that can be started, or why there is none. */
export type Browser = { readonly executablePath: string; readonly args: readonly string[] } | { readonly missing: string }

export type InstallBrowserOptions = {
  /** Told what is being done while it takes time. */
  onProgress?: (message: string) => void
}

const names = ['chromium', 'chromium-browser', 'google-chrome']

/** Finds Chromium: the binary named by `CHROMIUM_PATH`, then on PATH. */
export async function findBrowser(): Promise<Browser> {
  const named = process.env['CHROMIUM_PATH']
  if (named) return (await isExecutable(named)) ? describe(named) : { missing: `CHROMIUM_PATH names ${named}, which is no program` }
  for (const name of names) {
    const path = await onPath(name)
    if (path !== undefined) return describe(path)
  }
  return { missing: `no ${names.join(', ')} on PATH; install one or set CHROMIUM_PATH` }
}

/** Installs the distribution's Chromium where that is ours to do: as root on Debian. Elsewhere the reason is returned. */
export async function installBrowser(options: InstallBrowserOptions = {}): Promise<Browser> {
  const refusal = await reasonNotToInstall()
  if (refusal !== undefined) return { missing: refusal }
  options.onProgress?.("installing the distribution's Chromium, about 100 MB")
  // Its failure is not the end: one unreachable source of several fails it, and the index at hand may do.
  const updated = await aptGet('update')
  const installed = await aptGet('install', '-y', '--no-install-recommends', 'chromium')
  if (installed.ok) return findBrowser()
  const reason = [updated, installed].filter(({ ok }) => !ok).map(({ stderr }) => lastLines(stderr, 3))
  return { missing: `Chromium could not be installed: ${reason.join('; ')}` }
}

function describe(executablePath: string): Browser {
  // Chromium's sandbox refuses to run as root, and nothing else justifies going without it.
  return { executablePath, args: [...(isRoot() ? ['--no-sandbox'] : []), ...quietArgs] }
}

const quietArgs = [
  '--headless',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

async function reasonNotToInstall(): Promise<string | undefined> {
  const manually = 'install Chromium or set CHROMIUM_PATH'
  const system = await readFile('/etc/os-release', 'utf8').catch(() => '')
  if (!/^ID="?debian"?$/m.test(system)) return `Chromium is installed by itself only on Debian; ${manually}`
  if (!isRoot()) return `Chromium is installed by itself only as root; ${manually}`
  return undefined
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function aptGet(...args: readonly string[]): ReturnType<typeof runCommand> {
  return runCommand('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], { env: { DEBIAN_FRONTEND: 'noninteractive' } })
}
