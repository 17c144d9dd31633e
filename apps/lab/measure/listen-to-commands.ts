import { randomUUID } from 'node:crypto'
import { createClient } from '@redis/client'
import { forgetNamespace } from './forget-namespace.ts'

/**
 * What Valkey is told while `work` is done, one command a line, recorded with `MONITOR`: leases by name, values cut short.
 *
 * @param work works in the namespace it is given, which is emptied afterwards, and says how many commands are to be waited for
 */
export async function listenToCommands(url: string, work: (namespace: string) => Promise<number>): Promise<string> {
  const namespace = `lab-look-${randomUUID().slice(0, 8)}`
  const monitor = createClient({ url })
  monitor.on('error', () => undefined)
  const lines: string[] = []
  try {
    await monitor.connect()
    await monitor.monitor((line) => void (String(line).includes(namespace) && lines.push(String(line))))
    const expected = await work(namespace)
    for (let tries = 0; lines.length < expected && tries < 20; tries++) await new Promise((resolve) => setTimeout(resolve, 10))
  } catch {
    return 'This server does not let us listen (MONITOR is refused).'
  } finally {
    monitor.destroy()
    await forgetNamespace(url, namespace)
  }
  return lines.map(readable).join('\n')
}

/** `1700000000.123456 [0 127.0.0.1:5000] "MGET" "key"` without time and address; leases by name, values cut short. */
function readable(line: string): string {
  const words = [...line.replace(/^\S+ \[[^\]]*\] /, '').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word)
  return words.map((word, place) => (place < 2 ? word : readableWord(word))).join(' ')
}

function readableWord(word: string): string {
  if (word.length > 60) return '‹entry: header, then JSON›'
  return word.includes('\\x') ? '‹lease›' : word
}
