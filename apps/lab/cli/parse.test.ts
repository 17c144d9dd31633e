import { expect, test } from 'vitest'
import { describeScenario, helpText, listText } from './help.ts'
import { CommandError, parseCommand } from './parse.ts'

const parse = (line: string) => parseCommand(line.split(' ').filter((word) => word !== ''))

test('a run with its settings', () => {
  expect(parse('run what-a-cache-saves --query flight --skew=0.5 --l1 off --seed 7 --json --save out.json --scale 0.1')).toMatchObject({
    name: 'run',
    scenario: { id: 'what-a-cache-saves' },
    settings: { parameters: { query: 'flight', skew: 0.5, l1: false, ttl: '5m' }, seed: 7 },
    asJson: true,
    saveTo: 'out.json',
    scale: 0.1,
  })
})

test('help is given wherever it is asked for', () => {
  for (const line of ['', 'help', '--help', '-h', 'list --help', 'nonsense -h']) expect(parse(line).name).toBe('help')
  const help = parse('run what-a-cache-saves --help')
  expect(help.name === 'help' && help.scenario !== undefined && describeScenario(help.scenario)).toContain('--skew')
  expect(helpText()).toContain('--seed')
})

test('the list names what can be run and what cannot yet', () => {
  expect(listText()).toContain('What a cache saves: what-a-cache-saves')
  expect(listText()).toContain('Stampede: stampede')
  expect(listText()).toContain('Slow server (not yet scheduled)')
})

test.each([
  ['launch', 'There is no command "launch"; there are list and run.'],
  ['run', 'run: which scenario? There are: what-a-cache-saves, '],
  ['run what-a-cash-saves', 'There is no scenario "what-a-cash-saves". There are: what-a-cache-saves, '],
  ['run what-a-cache-saves --colour red', '--colour: there is no such parameter; there are query,'],
  ['run what-a-cache-saves --skew 9', '--skew: got 9, allowed is a number from 0 to 1.5 in steps of 0.1'],
  ['run what-a-cache-saves --skew', '--skew needs a value.'],
  ['run what-a-cache-saves --seed 1 --seed 2', '--seed is given twice.'],
  ['run what-a-cache-saves flight', 'Options begin with --; got "flight".'],
  ['run what-a-cache-saves --scale big', '--scale: got "big", allowed is a number from 0.001 to 100.'],
  ['run what-a-cache-saves --toString x', '--toString: there is no such parameter'],
  ['list everything', 'list takes no arguments; got "everything".'],
])('%s', (line, message) => {
  expect(() => parse(line)).toThrow(CommandError)
  expect(() => parse(line)).toThrow(message)
})
