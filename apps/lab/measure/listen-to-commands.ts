import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from '@redis/client'
import { forgetNamespace } from './forget-namespace.ts'

const longestLagMs = 1000
const insideScript = /^\S+ \[\d+ lua\]/

/**
 * What Valkey is told while `work` is done, one command a line, recorded with `MONITOR`: leases, tokens and scripts by name, values cut short. What a
 * script does inside the server is left out. The namespace that `work` is given is emptied afterwards.
 */
export async function listenToCommands(url: string, work: (namespace: string) => Promise<void>): Promise<string> {
  const namespace = `lab-look-${randomUUID().slice(0, 8)}`
  const end = `${namespace}-end`
  const [monitor, client] = [createClient({ url }), createClient({ url })]
  for (const each of [monitor, client]) each.on('error', () => undefined)
  const lines: string[] = []
  try {
    await Promise.all([monitor.connect(), client.connect()])
    let sayEnded = () => {}
    const hasEnded = new Promise<void>((resolve) => (sayEnded = resolve))
    await monitor.monitor((line) => {
      const text = String(line)
      if (text.includes(end)) sayEnded()
      else if (text.includes(namespace) && !insideScript.test(text)) lines.push(text)
    })
    await work(namespace)
    await client.echo(end)
    await Promise.race([hasEnded, wait(longestLagMs)])
  } catch {
    return 'This server does not let us listen (MONITOR is refused).'
  } finally {
    monitor.destroy()
    client.destroy()
    await forgetNamespace(url, namespace)
  }
  return lines.map(readable).join('\n')
}

/** `1700000000.123456 [0 127.0.0.1:5000] "MGET" "key"` without time and address; leases and scripts by name, values cut short. */
function readable(line: string): string {
  const words = [...line.replace(/^\S+ \[[^\]]*\] /, '').matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = '']) => word)
  const [command = '', first = '', ...rest] = words
  const isScript = /^eval/i.test(command)
  if (isScript) return [command, '‹script›', ...rest.map((word) => (word.includes('\\x') ? '‹token›' : readableWord(word)))].join(' ')
  return [command, first, ...rest.map(readableWord)].join(' ')
}

function readableWord(word: string): string {
  if (word.length > 60) return '‹entry: header, then JSON›'
  return word.includes('\\x') ? '‹lease›' : word
}
