import { execFile } from 'node:child_process'

export type CommandResult = { readonly ok: boolean; readonly stdout: string; readonly stderr: string }

/** Runs a program to its end. A non-zero exit or a missing program is a result, not an error. */
export function runCommand(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string> } = {},
): Promise<CommandResult> {
  const env = { ...process.env, ...options.env, LC_ALL: 'C' }
  return new Promise((resolve) => {
    execFile(command, args, { ...options, env, maxBuffer: 64 << 20 }, (error, stdout, stderr) => {
      resolve({ ok: error === null, stdout, stderr: error === null ? stderr : stderr || error.message })
    })
  })
}

/** The last lines of a text, for error messages. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n')
}
