// npm start: the lab.
import './node-version.mjs'
import { join } from 'node:path'
import { runProgram } from './child.mjs'
import { libraryBuild, packages, pageBuild, root, setupOrLeave } from './setup.mjs'

const help = `npm start: runs the lab and prints its address. Ctrl-C ends it.

  PORT          the port to listen on (default: chosen by the lab)
  VALKEY_URL    a Valkey or Redis to use, for example redis://127.0.0.1:6379 (default: one of the lab's own)
  DATABASE_URL  a PostgreSQL to use (default: an embedded one)
`

const args = process.argv.slice(2)
if (args.includes('--help') || args.includes('-h')) {
  process.stdout.write(help)
} else {
  await setupOrLeave([packages, libraryBuild, pageBuild])
  await runProgram(join(root, 'apps/lab/server/main.ts'), args)
}
