/** A fenced block of a page. */
export interface CodeBlock {
  /** The language after the fence, as written. */
  readonly language: string
  readonly code: string
  /** Of its first line of code, from 1. */
  readonly line: number
  /** Preceded by `<!-- run -->`: it is also executed. */
  readonly isRun: boolean
}

export interface Link {
  readonly target: string
  readonly line: number
}

/** Fenced blocks, in order. */
export function codeBlocksOf(page: string): CodeBlock[] {
  const blocks: CodeBlock[] = []
  const lines = page.split('\n')
  for (let start = 0; start < lines.length; start++) {
    const fence = /^(\s*)(`{3,})(\S*)\s*$/.exec(lines[start] ?? '')
    if (!fence) continue
    const [, indent = '', ticks = '', language = ''] = fence
    let end = start + 1
    while (end < lines.length && lines[end]?.trim() !== ticks) end++
    const code = lines.slice(start + 1, end).map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line))
    blocks.push({ language, code: code.join('\n'), line: start + 2, isRun: isMarkedRun(lines, start) })
    start = end
  }
  return blocks
}

/** Links and images with a target, outside of code. */
export function linksOf(page: string): Link[] {
  return withoutCode(page)
    .split('\n')
    .flatMap((text, index) =>
      [...text.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)].map(([, target = '']) => ({ target, line: index + 1 })),
    )
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchorsOf(page: string): Set<string> {
  const seen = new Map<string, number>()
  const anchors = withoutFences(page)
    .split('\n')
    .flatMap((line) => /^#{1,6}\s+(.+?)\s*#*$/.exec(line)?.[1] ?? [])
    .map((title) => {
      const plain = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
      const anchor = plain.replaceAll(/[^\p{L}\p{N}\p{M}_\- ]/gu, '').replaceAll(' ', '-')
      const count = seen.get(anchor) ?? 0
      seen.set(anchor, count + 1)
      return count === 0 ? anchor : `${anchor}-${count}`
    })
  return new Set(anchors)
}

function isMarkedRun(lines: readonly string[], fence: number): boolean {
  let before = fence - 1
  while (before >= 0 && lines[before]?.trim() === '') before--
  return lines[before]?.trim() === '<!-- run -->'
}

/** Lines stay where they are, so that numbers still hold. */
function withoutFences(page: string): string {
  const lines = page.split('\n')
  for (const block of codeBlocksOf(page)) {
    const count = block.code.split('\n').length
    for (let line = 0; line < count; line++) lines[block.line - 1 + line] = ''
  }
  return lines.join('\n')
}

function withoutCode(page: string): string {
  return withoutFences(page).replaceAll(/`[^`\n]*`/g, '')
}
