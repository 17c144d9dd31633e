import { readFile } from 'node:fs/promises'
import { arch, cpus, loadavg, release, totalmem, type } from 'node:os'
import type { Machine } from './report.ts'

export function describeMachine(run: { readonly rounds: number; readonly isQuick: boolean }): Machine {
  const processors = cpus()
  return {
    cpu: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryBytes: totalmem(),
    platform: `${type()} ${release()} ${arch()}`,
    loadBefore: loadavg(),
    measuredAt: new Date().toISOString(),
    ...run,
  }
}

/** What is installed, whatever package.json asks for. */
export async function installedVersions(): Promise<Record<string, string>> {
  const bench = new URL('../', import.meta.url)
  const { dependencies } = (await readJson(new URL('package.json', bench))) as { dependencies: Record<string, string> }
  const names = Object.keys(dependencies).filter((name) => !name.startsWith('@tiercel/') && name !== 'esbuild')
  const installed = names.map(async (name) => {
    const { version } = (await readJson(new URL(`node_modules/${name}/package.json`, bench))) as { version: string }
    return [name, version] as const
  })
  return { node: process.versions.node, ...Object.fromEntries(await Promise.all(installed)) }
}

async function readJson(url: URL): Promise<unknown> {
  return JSON.parse(await readFile(url, 'utf8'))
}
