import { describe, expect, it } from 'vitest'
import { globOf } from './glob.ts'

describe('a glob of text', () => {
  it.each([
    ['product:7', 'product:7'],
    ['*', '\\*'],
    ['a?[b-c]^\\', 'a\\?\\[b\\-c\\]\\^\\\\'],
    ['line\nbreak {é}', 'line\nbreak {é}'],
    ['', ''],
  ])('%j is %j', (text, glob) => {
    expect(globOf(text)).toBe(glob)
  })
})
