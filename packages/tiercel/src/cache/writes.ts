import type { Scope, Write } from './scope.ts'

/**
 * From here to its end, a write owns its key in this process: what was under way before is overtaken, and once more at the end what
 * began meanwhile, since nobody can tell on which side of the write it read.
 */
export function beginWrite(scope: Scope, path: string): Write {
  const write = { isTouched: false }
  scope.writes.set(path, write)
  scope.overtake(path)
  return write
}

/** @returns whether no later write of this process has begun */
export function endWrite(scope: Scope, path: string, write: Write): boolean {
  scope.overtake(path)
  const isNewest = scope.writes.get(path) === write
  if (isNewest) scope.writes.delete(path)
  return isNewest
}
