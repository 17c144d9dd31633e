import { describe, expect, test } from 'vitest'
import { Proof } from './proof.ts'

describe('until when something is known to have been right', () => {
  test('by the link over which it was read, also when that is gone', () => {
    const proof = new Proof(1_000)
    proof.prove(100)
    proof.prove(400)
    expect([proof.provenAtOf(50), proof.provenAtOf(450)]).toEqual([400, 450])
    proof.void(500)
    expect([proof.provenAtOf(50), proof.provenAtOf(450), proof.provenAtOf(600)]).toEqual([400, 450, 600])
  })

  test('not by a later one: what changed in between was not heard', () => {
    const proof = new Proof(1_000)
    proof.prove(100)
    proof.void(200)
    proof.prove(3_000)
    expect(proof.provenAtOf(50)).toBe(100)
    expect(proof.provenAtOf(250)).toBe(3_000)
    proof.void(4_000)
    proof.prove(5_000)
    expect([50, 250, 4_100].map((sentAtMs) => proof.provenAtOf(sentAtMs))).toEqual([100, 3_000, 5_000])
  })

  test('of what is older than all links that are remembered, when it was read', () => {
    const proof = new Proof(1_000)
    proof.prove(100)
    for (let at = 1; at <= 20; at += 1) {
      proof.void(at * 1_000)
      proof.prove(at * 1_000 + 500)
    }
    expect(proof.provenAtOf(50)).toBe(50)
    expect(proof.provenAtOf(19_100)).toBe(19_500)
  })
})
