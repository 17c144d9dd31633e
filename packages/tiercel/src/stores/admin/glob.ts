/**
 * Text as a glob that matches that text alone, for `SCAN … MATCH`. The server's globs know `*`, `?`, `[…]` with `^` and `-`, and `\`, which takes the
 * meaning from what follows: https://valkey.io/commands/keys/
 */
export function globOf(text: string): string {
  return text.replace(/[*?[\]\\^-]/g, '\\$&')
}
