import type { ComponentChildren } from 'preact'

export interface Column {
  readonly label: string
  /** What tells it from the others. Default: its label. */
  readonly id?: string
  /** Numbers, set to the right. */
  readonly isFigure?: boolean
}

export interface FigureTableProps {
  /** What it is for those who cannot see that it scrolls. */
  readonly label: string
  readonly columns: readonly Column[]
  readonly caption?: string
  readonly id?: string
  /** The rows. */
  readonly children: ComponentChildren
}

/** A table that scrolls by itself where it is wider than the page, by keyboard too. */
export function FigureTable({ label, columns, caption, id, children }: FigureTableProps) {
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={label}>
      <table id={id} class={caption === undefined ? undefined : 'figures'}>
        {caption !== undefined && <caption>{caption}</caption>}
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.id ?? column.label} scope="col" class={column.isFigure ? 'figure' : ''}>
                {column.label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </div>
  )
}

/** A column of figures for each lane. */
export function laneColumns(lanes: readonly { readonly id: string; readonly label: string }[]): Column[] {
  return lanes.map(({ id, label }) => ({ id, label, isFigure: true }))
}
