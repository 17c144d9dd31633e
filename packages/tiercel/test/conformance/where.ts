type Define = (title: string, run: () => Promise<void> | void) => void

/** `it` or `describe`, where the subject has what it is about: what it is declared to lack is no test of it. */
export function where(has: boolean, define: Define): Define {
  return has ? (title, run) => void define(title, run) : () => undefined
}
