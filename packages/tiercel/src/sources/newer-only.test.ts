import { describe, expect, test } from 'vitest'
import { type NewerOnlyOptions, newerOnly } from './newer-only.ts'

const options = { table: 'shop.products', key: ['shop', 'id'], columns: ['name', 'price'], sequence: 'seq' } as const

describe('the end of an insert', () => {
  test.each(['postgres', 'sqlite'] as const)('%s', (dialect) => {
    expect(newerOnly({ ...options, dialect })).toBe(
      'on conflict ("shop", "id") do update set "name" = excluded."name", "price" = excluded."price", "seq" = excluded."seq" where "shop"."products"."seq" is null or excluded."seq" > "shop"."products"."seq"',
    )
  })

  test('mysql: the sequence is set last, because all others look at it', () => {
    expect(newerOnly({ ...options, dialect: 'mysql', columns: ['name'] })).toBe(
      'on duplicate key update `name` = if(`seq` is null or values(`seq`) > `seq`, values(`name`), `name`), `seq` = if(`seq` is null or values(`seq`) > `seq`, values(`seq`), `seq`)',
    )
  })

  test('quotes names', () => {
    expect(newerOnly({ ...options, dialect: 'postgres', columns: ['a"; drop table x; --'] })).toContain(
      '"a""; drop table x; --" = excluded."a""; drop table x; --"',
    )
    expect(newerOnly({ ...options, dialect: 'mysql', columns: ['a`b'] })).toContain('`a``b` = if(')
  })
})

test.each([
  [{ dialect: 'oracle' }, 'TIERCEL_INVALID_OPTION'],
  [{ table: '' }, 'TIERCEL_INVALID_OPTION'],
  [{ table: 'a.b.c' }, 'TIERCEL_INVALID_OPTION'],
  [{ key: [] }, 'TIERCEL_INVALID_OPTION'],
  [{ columns: 'name' }, 'TIERCEL_INVALID_OPTION'],
  [{ columns: ['a.b'] }, 'TIERCEL_INVALID_OPTION'],
  [{ sequence: undefined }, 'TIERCEL_INVALID_OPTION'],
  [{ sequnce: 'seq' }, 'TIERCEL_UNKNOWN_OPTION'],
])('options %j are refused', (wrong, code) => {
  const given = { ...options, dialect: 'postgres', ...wrong } as NewerOnlyOptions
  expect(() => newerOnly(given)).toThrow(expect.objectContaining({ code }))
})
