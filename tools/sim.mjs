// npm run sim -- --seeds N: the library whole in a simulated world, in as many orders of events as there are seeds.
import './node-version.mjs'
import { join } from 'node:path'
import { runProgram } from './child.mjs'
import { packages, root, setupOrLeave } from './setup.mjs'

await setupOrLeave([packages])
await runProgram(join(root, 'packages/tiercel/test/sim/cli.ts'), process.argv.slice(2))
