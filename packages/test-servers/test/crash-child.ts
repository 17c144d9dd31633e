// Started by crash.test.ts: has one of everything running, tells its port, and waits to be killed.
import { ask, startCluster, startStandalone } from '../src/index.ts'
import { startMariadb } from '../src/mariadb.ts'
import { startPostgres } from '../src/postgres.ts'

const [standalone] = await Promise.all([startStandalone(), startCluster(), startPostgres(), startMariadb()])
await ask(standalone, ['SET', 'key', 'value'])
// One that is paused cannot be asked to go.
standalone.pause()
console.log('ready')
setInterval(() => undefined, 60_000)
