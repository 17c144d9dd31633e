// npm run build: the library and the lab's page, whether or not anything changed.
import './node-version.mjs'
import { libraryBuild, packages, pageBuild, setupOrLeave } from './setup.mjs'

await setupOrLeave([packages, libraryBuild, pageBuild], { force: true })
