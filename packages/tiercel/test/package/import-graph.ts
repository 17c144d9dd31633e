import { posix } from 'node:path'
import ts from 'typescript'

/** Source texts by path, `/` between the parts. */
export type Sources = ReadonlyMap<string, string>

/**
 * - `static`: `import` and `export … from`, also a side-effect import
 * - `type`: gone at run time: `import type`, `export type`, `import('x').Y`, a triple-slash reference
 * - `dynamic`: `import()` and `require()`
 */
export type ImportKind = 'static' | 'type' | 'dynamic'

export interface Import {
  readonly file: string
  readonly line: number
  readonly kind: ImportKind
  /** `undefined` when it is computed. */
  readonly specifier: string | undefined
}

/** Every import of every file, in order. */
export function importsOf(sources: Sources): Import[] {
  return [...sources].flatMap(([file, text]) => importsOfFile(file, text))
}

/** The file that a relative specifier means; `undefined` for a bare one. */
export function targetOf({ file, specifier }: Import): string | undefined {
  if (!specifier?.startsWith('.')) return undefined
  return posix.join(posix.dirname(file), specifier)
}

/** Groups of files that reach each other, each in the order of a walk. Types count. */
export function cyclesOf(sources: Sources): string[][] {
  const edges = new Map([...sources.keys()].map((file) => [file, [] as string[]]))
  for (const found of importsOf(sources)) {
    const target = targetOf(found)
    if (target !== undefined && sources.has(target)) edges.get(found.file)?.push(target)
  }
  return [...sources.keys()].flatMap((file) => {
    const cycle = shortestWalk(edges, file)
    // Each cycle is reported once, from its first file.
    return cycle && cycle.every((other) => file <= other) ? [cycle] : []
  })
}

/** The shortest way from a file back to itself. */
function shortestWalk(edges: ReadonlyMap<string, readonly string[]>, start: string): string[] | undefined {
  const walks: string[][] = [[start]]
  const seen = new Set<string>()
  for (let walk = walks.shift(); walk !== undefined; walk = walks.shift()) {
    for (const next of edges.get(walk.at(-1) as string) ?? []) {
      if (next === start) return walk
      if (seen.has(next)) continue
      seen.add(next)
      walks.push([...walk, next])
    }
  }
  return undefined
}

function importsOfFile(file: string, text: string): Import[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  const found: Import[] = []
  const add = (node: ts.Node | number, kind: ImportKind, specifier: ts.Node | string | undefined): void => {
    const position = typeof node === 'number' ? node : node.getStart(source)
    found.push({
      file,
      line: source.getLineAndCharacterOfPosition(position).line + 1,
      kind,
      specifier: typeof specifier === 'object' ? literal(specifier) : specifier,
    })
  }
  for (const reference of [...source.referencedFiles, ...source.typeReferenceDirectives]) add(reference.pos, 'type', reference.fileName)
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) add(node, isTypeOnly(node.importClause) ? 'type' : 'static', node.moduleSpecifier)
    else if (ts.isExportDeclaration(node) && node.moduleSpecifier) add(node, node.isTypeOnly ? 'type' : 'static', node.moduleSpecifier)
    else if (ts.isImportTypeNode(node)) add(node, 'type', node.argument)
    else if (ts.isExternalModuleReference(node)) add(node, 'static', node.expression)
    else if (ts.isModuleDeclaration(node) && ts.isStringLiteral(node.name)) add(node, 'type', node.name)
    else if (ts.isCallExpression(node) && loads(node.expression)) add(node, 'dynamic', node.arguments[0])
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** `import { type X }` is not: the module is still loaded. */
function isTypeOnly(clause: ts.ImportClause | undefined): boolean {
  return clause?.phaseModifier === ts.SyntaxKind.TypeKeyword
}

function loads(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
}

function literal(node: ts.Node): string | undefined {
  if (ts.isLiteralTypeNode(node)) return literal(node.literal)
  return ts.isStringLiteralLike(node) ? node.text : undefined
}
