// A process that carries the writes of a log to a source in a server of its own, and may be killed or stopped at any time.
import { Redis } from 'ioredis'
import { createWriteBehindWorker } from '../../src/patterns/write-behind/index.ts'
import type { CarrierSetup } from './carrier-setup.ts'
import { valkeySource } from './valkey-source.ts'

const { logUrl, sourceUrl, name, template, faults, options }: CarrierSetup = JSON.parse(process.argv[2] ?? '{}')
const admin = new Redis(sourceUrl)
const source = valkeySource(admin, faults)
createWriteBehindWorker(logUrl, { name, timeout: '2s', connectTimeout: '10s', ...options, sources: { [template]: source as never } })
process.on('disconnect', () => process.exit())
process.send?.({ id: -1 })
