// npm run bench -- <suite>: Tiercel beside other libraries. Those live in bench's own packages, installed here when first needed.
import './node-version.mjs'
import { join } from 'node:path'
import { runProgram } from './child.mjs'
import { benchPackages, libraryBuild, packages, root, setupOrLeave } from './setup.mjs'

await setupOrLeave([packages, libraryBuild, benchPackages])
await runProgram(join(root, 'bench/main.ts'), process.argv.slice(2))
