// A vitest reporter that writes what tools/test.mjs sums up: counts, and what was skipped and why.
import { writeFileSync } from 'node:fs'
import { relative } from 'node:path'

export default class SummaryReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const report = { passed: 0, failed: unhandledErrors.length, skipped: [] }
    for (const module of modules) addModule(report, module)
    writeFileSync(process.env.TIERCEL_TEST_REPORT, JSON.stringify(report))
  }
}

function addModule(report, module) {
  // A file that does not load, or a hook that fails, takes its tests with it and counts as one failure.
  report.failed += module.errors().length > 0 ? 1 : 0
  for (const suite of module.children.allSuites()) report.failed += suite.errors().length > 0 ? 1 : 0
  for (const test of module.children.allTests()) addTest(report, test)
}

function addTest(report, test) {
  const { state, note } = test.result()
  if (state === 'passed') report.passed++
  else if (state === 'skipped')
    report.skipped.push({ test: `${relative('', test.module.moduleId)} > ${test.fullName}`, reason: note ?? null })
  else report.failed++
}
