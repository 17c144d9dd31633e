import { beforeEach, describe, expect, it } from 'vitest'
import type { Link } from './link.ts'
import { ReplicationLag } from './replication-lag.ts'

/** A node that answers INFO replication. */
class FakeNode {
  isReady = true
  isSilent = false
  fields: Record<string, string | number>

  constructor(fields: Record<string, string | number>) {
    this.fields = fields
  }

  async ready(): Promise<void> {}

  async send(): Promise<Buffer> {
    if (this.isSilent) throw new Error('silent')
    const lines = Object.entries(this.fields).map(([name, value]) => `${name}:${value}`)
    return Buffer.from(`# Replication\r\n${lines.join('\r\n')}\r\n`)
  }
}

describe('the lag of a replica', () => {
  let nowMs: number
  let primary: FakeNode
  let replica: FakeNode
  let lag: ReplicationLag

  const measureAt = async (atMs: number, offset: number, applied: number): Promise<number> => {
    nowMs = atMs
    primary.fields['master_repl_offset'] = offset
    replica.fields['slave_repl_offset'] = applied
    await lag.measure({ primary: primary as unknown as Link, replicas: [replica as unknown as Link] }, () => {})
    return lag.provenAtMs(replica as unknown as Link)
  }

  beforeEach(() => {
    nowMs = 0
    lag = new ReplicationLag(() => nowMs)
    primary = new FakeNode({ role: 'master', master_replid: 'first' })
    replica = new FakeNode({ role: 'slave', master_replid: 'first' })
  })

  it('is proven by the last question that the replica has caught up with', async () => {
    expect(await measureAt(100, 10, 10)).toBe(100)
    expect(await measureAt(200, 20, 15)).toBe(100)
    expect(await measureAt(300, 30, 20)).toBe(200)
    expect(await measureAt(400, 40, 45)).toBe(400)
  })

  it('is not proven where nothing was caught up with', async () => {
    expect(await measureAt(100, 10, 9)).toBe(Number.NEGATIVE_INFINITY)
  })

  it('is not compared over two histories', async () => {
    replica.fields['master_replid'] = 'second'
    expect(await measureAt(100, 10, 99)).toBe(Number.NEGATIVE_INFINITY)
    primary.fields['master_replid'] = 'second'
    expect(await measureAt(200, 10, 10)).toBe(200)
  })

  it('is not proven by those who have another role, or say nothing', async () => {
    replica.fields['role'] = 'master'
    expect(await measureAt(100, 10, 10)).toBe(Number.NEGATIVE_INFINITY)
    replica.fields['role'] = 'slave'
    replica.isSilent = true
    expect(await measureAt(200, 10, 10)).toBe(Number.NEGATIVE_INFINITY)
    replica.isSilent = false
    primary.fields['role'] = 'slave'
    expect(await measureAt(300, 10, 10)).toBe(200)
    primary.fields['role'] = 'master'
    primary.isSilent = true
    expect(await measureAt(400, 10, 10)).toBe(200)
  })
})
