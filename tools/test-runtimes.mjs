// npm run test:runtimes: the core of the tests in each runtime that Tiercel supports. `--help` says more.
import './node-version.mjs'
import { join } from 'node:path'
import { runProgram } from './child.mjs'
import { libraryBuild, packages, root, setupOrLeave } from './setup.mjs'

await setupOrLeave([packages, libraryBuild])
await runProgram(join(root, 'tools/runtimes/run.mjs'), process.argv.slice(2))
