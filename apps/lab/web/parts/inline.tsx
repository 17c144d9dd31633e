import type { ComponentChildren } from 'preact'

/** Plain text with `code` between backticks and **weight** between double asterisks. Everything else is shown as it is. */
export function Inline({ text }: { text: string }) {
  return <>{pieces(text)}</>
}

function pieces(text: string): ComponentChildren[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((piece) => {
    if (piece.startsWith('`')) return <code>{piece.slice(1, -1)}</code>
    if (piece.startsWith('**')) return <strong>{piece.slice(2, -2)}</strong>
    return piece
  })
}
