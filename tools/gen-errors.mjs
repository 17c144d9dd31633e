// node --import tsx tools/gen-errors.mjs: writes docs/reference/errors.md from the table of codes. `--check` changes nothing and
// exits with 1 when the page is out of date.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { errorCodes } from '../packages/tiercel/src/kernel/error-codes.ts'

const page = new URL('../docs/reference/errors.md', import.meta.url)

const head = `# Errors

What Tiercel throws, by \`code\`. Generated from \`packages/tiercel/src/kernel/error-codes.ts\` by \`tools/gen-errors.mjs\`; change it there.

A code is stable: it is never renamed, and never given another meaning. \`TiercelError.is(error)\` tells Tiercel's errors from others; what a
loader throws reaches its callers unchanged. *Retryable* means that the same call may succeed later with nothing changed.

| code | retryable |
|---|---|
`

const rows = Object.entries(errorCodes).map(
  ([code, { retryable }]) => `| [${code}](#${code.toLowerCase()}) | ${retryable ? 'yes' : 'no'} |`,
)
const sections = Object.entries(errorCodes).map(([code, { meaning, advice }]) => `## ${code}\n\n${meaning}\n\n**What to do:** ${advice}\n`)
const text = `${head}${rows.join('\n')}\n\n${sections.join('\n')}`

if (!process.argv.includes('--check')) writeFileSync(page, text)
else process.exitCode = existsSync(page) && readFileSync(page, 'utf8') === text ? 0 : 1
