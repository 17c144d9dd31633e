import type { Pool } from 'pg'
import type { Query } from './queries.ts'

/** A node of PostgreSQL's plan, with the members that the lab shows. The rest is there too. */
export interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly Alias?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly 'Hash Cond'?: string
  readonly Filter?: string
  readonly 'Actual Rows': number
  readonly 'Actual Loops': number
  readonly 'Actual Total Time': number
  readonly 'Shared Hit Blocks': number
  readonly 'Shared Read Blocks': number
  readonly Plans?: readonly PlanNode[]
}

export interface Explained {
  readonly plan: PlanNode
  readonly planningMs: number
  readonly executionMs: number
  /** The plan as an indented list, drawn from the same run as `plan`. */
  readonly text: string
}

interface ExplainOutput {
  readonly Plan: PlanNode
  readonly 'Planning Time': number
  readonly 'Execution Time': number
}

/** Runs the query under EXPLAIN (ANALYZE, BUFFERS): what the database did, not what it guessed. Slower than the query itself, as it measures each step. */
export async function explainQuery(pool: Pool, query: Query, params: readonly (string | number)[]): Promise<Explained> {
  const { rows } = await pool.query<{ 'QUERY PLAN': readonly [ExplainOutput] }>(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${query.sql}`, [
    ...params,
  ])
  const [output] = (rows[0] as (typeof rows)[number])['QUERY PLAN']
  const { Plan: plan, 'Planning Time': planningMs, 'Execution Time': executionMs } = output
  const text = [...drawn(plan, 0), `Planning: ${planningMs.toFixed(3)} ms`, `Execution: ${executionMs.toFixed(3)} ms`].join('\n')
  return { plan, planningMs, executionMs, text }
}

/** Every node of a plan, outermost first. */
export function planNodes(plan: PlanNode): readonly PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(planNodes)]
}

function drawn(node: PlanNode, depth: number): readonly string[] {
  const indent = '  '.repeat(depth)
  const pages = node['Shared Hit Blocks'] + node['Shared Read Blocks']
  const figures = [
    `rows=${node['Actual Rows']}`,
    ...(node['Actual Loops'] === 1 ? [] : [`loops=${node['Actual Loops']}`]),
    `${node['Actual Total Time'].toFixed(3)} ms`,
    `pages=${pages}`,
  ]
  const details = (['Index Cond', 'Hash Cond', 'Filter'] as const).flatMap((name) =>
    node[name] ? [`${indent}     ${name}: ${node[name]}`] : [],
  )
  return [
    `${indent}${depth === 0 ? '' : '-> '}${what(node)}  (${figures.join(', ')})`,
    ...details,
    ...(node.Plans ?? []).flatMap((child) => drawn(child, depth + 1)),
  ]
}

function what(node: PlanNode): string {
  const index = node['Index Name'] ? ` using ${node['Index Name']}` : ''
  const relation = node['Relation Name']
  if (!relation) return node['Node Type'] + index
  return `${node['Node Type']}${index} on ${relation}${node.Alias === relation ? '' : ` ${node.Alias}`}`
}
