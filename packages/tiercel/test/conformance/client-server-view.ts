import { type Address, ask, type Reply } from '@tiercel/test-servers'

/** How a node sees its connections, and what a test does to them behind the client's back. */
export async function connectionIds(node: Address, only: (flags: string, line: string) => boolean = () => true): Promise<string[]> {
  const lines = String(await ask(node, ['CLIENT', 'LIST']))
    .trim()
    .split('\n')
  const others = lines.filter((line) => !line.includes(' cmd=client|list '))
  return others.filter((line) => only(fieldOf(line, 'flags'), line)).map((line) => fieldOf(line, 'id'))
}

/** Kills the links that are subscribed (`P`) or that track (`t`), and says how many there were. */
export async function killSideLinks(nodes: readonly Address[]): Promise<number> {
  let count = 0
  for (const node of nodes) {
    for (const id of await connectionIds(node, (flags) => /[Pt]/.test(flags))) {
      await ask(node, ['CLIENT', 'KILL', 'ID', id])
      count++
    }
  }
  return count
}

/** The links that are tracked with a redirection, and what they are redirected to. */
export async function redirections(nodes: readonly Address[]): Promise<{ id: string; redirect: string }[]> {
  const lists = await onAll(nodes, ['CLIENT', 'LIST'])
  const lines = lists.flatMap((list) => String(list).trim().split('\n'))
  return lines.map((line) => ({ id: fieldOf(line, 'id'), redirect: fieldOf(line, 'redir') })).filter(({ redirect }) => Number(redirect) > 0)
}

export async function onAll(nodes: readonly Address[], words: readonly string[]): Promise<Reply[]> {
  return Promise.all(nodes.map((node) => ask(node, words)))
}

/** Sends to the node of the cluster (or the only one) that owns the key. */
export async function askOwner(nodes: readonly Address[], words: readonly string[]): Promise<Reply> {
  for (const node of nodes) {
    try {
      return await ask(node, words)
    } catch (error) {
      if (!String(error).includes('MOVED')) throw error
    }
  }
  throw new Error(`no node owns the key of ${words.join(' ')}`)
}

function fieldOf(line: string, name: string): string {
  return new RegExp(`(?:^| )${name}=(\\S*)`).exec(line)?.[1] ?? ''
}
