import { describe, expect, test } from 'vitest'
import { board } from './description.ts'
import { scenarios } from './index.ts'
import { modules } from './modules.ts'
import { checkSettings, defaultSettings } from './parameters.ts'

describe.each(scenarios.map((scenario) => [scenario.id, scenario] as const))('%s', (_id, scenario) => {
  test('stands on the board, in its module', () => {
    expect(modules.find(({ number }) => number === scenario.module)?.scenarios).toContain(scenario.title)
  })

  test('has defaults and a quick version that its own schema allows', () => {
    const { parameters } = defaultSettings(scenario.parameters)
    expect(() => checkSettings(scenario.parameters, { ...parameters })).not.toThrow()
    expect(() => checkSettings(scenario.parameters, { ...scenario.quick })).not.toThrow()
  })

  test('has two to six lanes that begin at the app, and a question with one right answer', () => {
    expect(scenario.lanes.length).toBeGreaterThanOrEqual(2)
    expect(scenario.lanes.length).toBeLessThanOrEqual(6)
    for (const { path } of scenario.lanes) expect(path[0]).toBe('app')
    expect(scenario.quiz.options.filter(({ isRight }) => isRight)).toHaveLength(1)
    expect(new Set(scenario.guess.options.map(({ id }) => id)).size).toBe(scenario.guess.options.length)
  })

  test('has an id that fits into an address', () => expect(scenario.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/))
})

test('ids are different, and the board links to what is built only', () => {
  expect(new Set(scenarios.map(({ id }) => id)).size).toBe(scenarios.length)
  const open = board(modules, scenarios).flatMap((module) => module.scenarios.filter((scenario) => scenario.open !== undefined))
  expect(open.map(({ open }) => open?.id).sort()).toEqual(scenarios.map(({ id }) => id).sort())
})
