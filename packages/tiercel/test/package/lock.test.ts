import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from './doors.ts'

const folders = ['.', 'bench'].filter((folder) => existsSync(join(projectRoot, folder, 'package-lock.json')))

describe.each(folders)('the lock file in %s', (folder) => {
  test('names the packages of every platform: node tools/complete-lock.mjs', () => {
    const { stdout } = spawnSync(process.execPath, ['tools/complete-lock.mjs', '--check', folder], { cwd: projectRoot, encoding: 'utf8' })
    expect(stdout).toBe('')
  })

  test('names no registry', () => {
    const lock = readFileSync(join(projectRoot, folder, 'package-lock.json'), 'utf8')
    expect(lock).not.toMatch(/"resolved": "https?:/)
  })
})
