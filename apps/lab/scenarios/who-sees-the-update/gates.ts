import { randomUUID } from 'node:crypto'
import type { AirportDatabase } from '../lab.ts'
import type { ApproachId, Row } from './protocol.ts'

/** The rows that change: the gate of one real flight for each lane, in a table of this run. */
export interface Gates {
  read(lane: ApproachId): Promise<Row>
  /** Commits. */
  change(lane: ApproachId): Promise<Row>
  drop(): Promise<void>
}

export const statements = {
  read: 'SELECT flightno, gate, version FROM gate_board WHERE lane = $1',
  change:
    'UPDATE gate_board SET gate = chr(65 + (version + 1) % 6) || (1 + (version + 1) * 7 % 30), version = version + 1\nWHERE lane = $1 RETURNING flightno, gate, version',
} as const

export async function createGates(airport: AirportDatabase, lanes: readonly ApproachId[]): Promise<Gates> {
  const table = `gate_board_${randomUUID().slice(0, 8)}`
  const ask = async (sql: string, lane: ApproachId): Promise<Row> => {
    const { rows } = await airport.query(sql.replace('gate_board', table), [lane])
    const [row] = rows
    return { flightno: String(row?.['flightno']), gate: String(row?.['gate']), version: Number(row?.['version']) }
  }
  await airport.query(
    `CREATE TABLE ${table} (lane text PRIMARY KEY, flightno text NOT NULL, gate text NOT NULL, version integer NOT NULL)`,
    [],
  )
  const insert = `INSERT INTO ${table} SELECT $1, flightno, 'A1', 0 FROM flight ORDER BY flight_id LIMIT 1`
  for (const lane of lanes) await airport.query(insert, [lane])
  return {
    read: (lane) => ask(statements.read, lane),
    change: (lane) => ask(statements.change, lane),
    drop: async () => void (await airport.query(`DROP TABLE IF EXISTS ${table}`, [])),
  }
}
