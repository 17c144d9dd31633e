import type { Client, PrimaryNode, Reply, Word } from '../client/client.ts'
import { ServerError } from '../kernel/errors.ts'
import type { Advice } from '../telemetry/advice.ts'
import { adviseOn } from './server-advice.ts'

/**
 * Asks each primary once how it is set up. What the user may not ask is not said, and a node that does not answer is left out: this is for people, and nobody
 * waits for it. It goes past breakers and limits.
 *
 * @returns one finding for each code
 * @remarks Costs: two commands per primary, once per store.
 */
export async function checkServers(client: Client): Promise<readonly Advice[]> {
  const nodes = await client.primaries()
  const found = await Promise.all(nodes.map((node) => checkNode(node, client.topology === 'cluster')))
  const byCode = new Map(
    found
      .flat()
      .reverse()
      .map((advice) => [advice.code, advice]),
  )
  return [...byCode.values()].reverse()
}

async function checkNode(node: PrimaryNode, isCluster: boolean): Promise<readonly Advice[]> {
  const [info, script] = await Promise.all([answerOf(node, ['INFO']), answerOf(node, ['EVAL', 'return 1', '0'])])
  const facts = { info: Buffer.isBuffer(info) ? info.toString() : '', scriptError: errorOf(script), isCluster }
  return adviseOn(facts).map((finding) => ({ ...finding, node: node.address }))
}

function answerOf(node: PrimaryNode, words: readonly Word[]): Promise<Reply> {
  return node.send(words).catch((error: Error) => error)
}

/** Of a server that has no scripts, or does not allow them; any other says nothing about them. */
function errorOf(reply: Reply): string | undefined {
  if (!(reply instanceof ServerError)) return undefined
  return reply.reply === 'NOPERM' || /unknown command/i.test(reply.message) ? reply.message : undefined
}
