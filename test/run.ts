import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { wanted } from './wanted.ts'

// `npm test`: the steps in order, up to the first that fails. What is given after `--` goes to vitest.
// The last line is always "N passed, N failed", and a program that was not there is named just before; a step that fails before the tests counts as one failed.

interface Counts {
  passed: number
  failed: number
  skipped: number
}

const counts = checksPass() ? runTests() : { passed: 0, failed: 1, skipped: 0 }
for (const { name } of wanted.filter(it => !it.found())) console.log(`No ${name}: its tests were skipped`)
if (counts.skipped > 0) console.log(`${counts.skipped} skipped`)
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exitCode = counts.failed === 0 ? 0 : 1

function checksPass(): boolean {
  return step('Programs', 'setup') && step('Lint and format', 'lint') && step('Types', 'types')
}

function runTests(): Counts {
  const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
  const report = join(folder, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
    const passed = step('Tests', 'unit', '--', ...reporters, ...process.argv.slice(2))
    return countTests(report, passed)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Prints a heading and runs one script of package.json under it. False when it failed. */
function step(heading: string, script: string, ...args: string[]): boolean {
  console.log(`\n=== ${heading} (npm run ${script})\n`)
  const { status } = spawnSync('npm', ['run', '--silent', script, ...args], { stdio: 'inherit' })
  if (status !== 0) console.log(`\n${heading}: failed`)
  return status === 0
}

/** The part of vitest's JSON report that is read here. */
interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  testResults: { status: string; assertionResults: { status: string }[] }[]
}

/** Counts the tests; a file that broke outside its tests, and a run that failed for another reason, count as one failed. */
function countTests(report: string, runPassed: boolean): Counts {
  if (!existsSync(report)) return { passed: 0, failed: 1, skipped: 0 }
  const { numPassedTests, numFailedTests, numPendingTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8')
  ) as Report
  const brokenFiles = testResults.filter(
    file => file.status === 'failed' && !file.assertionResults.some(test => test.status === 'failed')
  )
  const failed = numFailedTests + brokenFiles.length
  return {
    passed: numPassedTests,
    failed: runPassed ? failed : Math.max(failed, 1),
    skipped: numPendingTests
  }
}
