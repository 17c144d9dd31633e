import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'

type Language = 'code' | 'sql' | 'plan' | 'commands'

export interface CodeProps {
  readonly text: string
  readonly language: Language
  /** Says what it is, for those who hear it. */
  readonly label: string
}

/** Code to read, or to take along. */
export function Code({ text, language, label }: CodeProps) {
  const [hasCopied, setCopied] = useState(false)
  const copy = async () => {
    await navigator.clipboard.writeText(text)
    setCopied(true)
    setTimeout(() => setCopied(false), 2000)
  }
  return (
    <div class="code">
      <pre tabIndex={0} role="region" aria-label={label}>
        <code>{highlight(text, language)}</code>
      </pre>
      <button type="button" class="quiet copy" onClick={() => void copy()}>
        {hasCopied ? 'Copied' : 'Copy'}
        <span class="unseen">: {label}</span>
      </button>
    </div>
  )
}

const words: Readonly<Record<Language, RegExp>> = {
  code: /(\/\/[^\n]*)|('[^']*'|"[^"]*"|`[^`]*`)|\b(import|from|const|await|async|return|new|false|true)\b/g,
  sql: /(--[^\n]*)|('[^']*')|\b(SELECT|FROM|WHERE|JOIN|LEFT|LATERAL|VALUES|ON|USING|GROUP|ORDER|BY|LIMIT|WITH|AS|AND|DESC|SET|COUNT|SUM)\b/g,
  plan: /(->)|(\(.*\))|\b(Index Cond|Hash Cond|Filter|Planning|Execution)\b/g,
  commands: /($^)|(‹[^›]*›)|^(\S+)/gm,
}

/** Three kinds of words are told apart: asides, texts, and the words of the language. */
function highlight(text: string, language: Language): ComponentChildren[] {
  const out: ComponentChildren[] = []
  let end = 0
  for (const match of text.matchAll(words[language])) {
    out.push(text.slice(end, match.index))
    const [whole, aside, literal] = match
    out.push(<span class={aside !== undefined ? 'aside' : literal !== undefined ? 'literal' : 'word'}>{whole}</span>)
    end = match.index + whole.length
  }
  out.push(text.slice(end))
  return out
}
