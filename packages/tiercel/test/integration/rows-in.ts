/** The few members of a client that rows need. */
interface RowClient {
  hGet(key: string, field: string): Promise<unknown>
  hSet(key: string, field: string, value: string): Promise<unknown>
}

const table = 'rows of a source'

/** A source that outlives its processes: rows on the server, where no cache looks. */
export function rowsIn(client: RowClient) {
  return {
    load: async ({ id }: { readonly id: string | number | bigint }) => {
      const row = await client.hGet(table, String(id))
      return row === null || row === undefined ? null : (JSON.parse(String(row)) as { readonly name: string })
    },
    store: async ({ id }: { readonly id: string | number | bigint }, row: { readonly name: string }): Promise<void> => {
      await client.hSet(table, String(id), JSON.stringify(row))
    },
  }
}
