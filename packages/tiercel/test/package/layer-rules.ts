import { posix } from 'node:path'
import { cyclesOf, type Import, importsOf, type Sources, targetOf } from './import-graph.ts'
import { bannedNames, layers, loadsOnDemand, refusedEdges, rootLevel } from './layers.ts'

/** What is wrong with the library's sources: paths are relative to `src`. One line each; none when all is well. */
export function layerFaults(sources: Sources, doorFiles: ReadonlySet<string>): string[] {
  return [
    ...[...sources.keys()].flatMap((file) => nameFaults(file, doorFiles)),
    ...importsOf(sources).flatMap((found) => importFault(found, sources).map((fault) => `${found.file}:${found.line} ${fault}`)),
    ...cyclesOf(sources).map((cycle) => `cycle: ${[...cycle, cycle[0]].join(' > ')}`),
  ]
}

/** What is wrong with a workspace that may only use published doors. Paths are relative to the project. */
export function doorUserFaults(sources: Sources, doors: ReadonlySet<string>): string[] {
  return importsOf(sources).flatMap((found) => {
    const { specifier } = found
    const where = `${found.file}:${found.line}`
    if (targetOf(found)?.startsWith('packages/tiercel/')) return [`${where} reaches into packages/tiercel: ${specifier}`]
    if (specifier !== undefined && /^tiercel(\/|$)/.test(specifier) && !doors.has(specifier))
      return [`${where} imports what is no door: ${specifier}`]
    return []
  })
}

function nameFaults(file: string, doorFiles: ReadonlySet<string>): string[] {
  const faults: string[] = []
  const words = file.replace(/(\.test|\.d)?\.[a-z]+$/, '').split(/[/.]/)
  for (const word of words) if (bannedNames.includes(word)) faults.push(`${file} is named "${word}", which says nothing`)
  if (posix.basename(file) === 'index.ts' && !doorFiles.has(file)) faults.push(`${file} is not a public door: import the file itself`)
  if (levelOf(file) === undefined) faults.push(`${file} is in no layer: add its folder to test/package/layers.ts`)
  return faults
}

function importFault(found: Import, sources: Sources): string[] {
  const target = targetOf(found)
  if (target === undefined) return bareFault(found)
  if (!sources.has(target)) return [`imports ${target}, which is not there`]
  const [from, to] = [folderOf(found.file), folderOf(target)]
  const [fromLevel, toLevel] = [levelOf(found.file), levelOf(target)]
  if (fromLevel === undefined || toLevel === undefined) return []
  if (from === '') return toLevel <= rootLevel ? [] : [`the root must not show ${target}: it has a door of its own`]
  if (to === '') return [`imports the root: ${target}`]
  if (from === to) return []
  const refused = refusedEdges.find((edge) => edge.from === from && edge.to === to)
  if (refused) return [`${from} must not import ${to}: ${refused.because}`]
  if (toLevel > fromLevel) return [`imports upward: ${from} (level ${fromLevel}) imports ${target} (level ${toLevel})`]
  return toLevel === fromLevel ? [`imports sideways: ${from} imports ${target} (both level ${toLevel})`] : []
}

function bareFault({ file, kind, specifier }: Import): string[] {
  if (specifier === undefined) return loadsOnDemand.includes(file) ? [] : ['loads a module whose name is computed']
  return specifier.startsWith('node:') ? [] : [`imports the package ${specifier} (${kind}): declare the members that are needed instead`]
}

function folderOf(file: string): string {
  const slash = file.indexOf('/')
  return slash < 0 ? '' : file.slice(0, slash)
}

function levelOf(file: string): number | undefined {
  const folder = folderOf(file)
  if (folder === '') return file === 'index.ts' ? rootLevel + 1 : undefined
  return layers.find((layer) => layer.folders.includes(folder))?.level
}
