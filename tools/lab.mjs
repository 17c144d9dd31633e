// npm run lab -- <command>: the lab without its page.
import './node-version.mjs'
import { join } from 'node:path'
import { runProgram } from './child.mjs'
import { libraryBuild, packages, root, setupOrLeave } from './setup.mjs'

await setupOrLeave([packages, libraryBuild])
await runProgram(join(root, 'apps/lab/cli.ts'), process.argv.slice(2))
