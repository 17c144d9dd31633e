// npm run bench -- <suite>: Tiercel beside other libraries. Those live in bench's own packages, installed here when first needed.
import './node-version.mjs'
import { join } from 'node:path'
import { runProgram } from './child.mjs'
import { benchPackages, libraryBuild, packages, root, setupOrLeave } from './setup.mjs'

const args = process.argv.slice(2)
const asksOnly = args.some((arg) => ['--help', '-h', '--list'].includes(arg))

await setupOrLeave(asksOnly ? [packages] : [packages, libraryBuild, benchPackages])
await runProgram(join(root, 'bench/main.ts'), args)
