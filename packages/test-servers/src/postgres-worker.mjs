// Runs PGlite beside the program's own thread, which its queries would block, and puts it behind a socket.
// Plain JavaScript: a worker thread starts without the loader that runs TypeScript.
import { parentPort, workerData } from 'node:worker_threads'
import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'

const db = await PGlite.create({ dataDir: workerData.dataDir })
const server = new PGLiteSocketServer({ db, host: '127.0.0.1', port: 0, maxConnections: 100 })
await server.start()
parentPort.postMessage({ port: Number(server.getServerConn().split(':').at(-1)) })

parentPort.once('message', async () => {
  await server.stop()
  await db.close()
  process.exit()
})
