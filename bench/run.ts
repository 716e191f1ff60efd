import { mkdirSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Child, type SubjectName, startChild } from './child.ts'
import { load } from './load.ts'
import { report, type Sample, table } from './report.ts'
import { rows as allRows, type Row } from './rows.ts'
import type { Delivered, Login } from './subjects/protocol.ts'

/** `npm run bench`: measures Utgang, a bare Node server and oidc-provider in turn. See README.md. */
const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    json: { type: 'string', default: fileURLToPath(new URL('results/latest.json', import.meta.url)) },
    profile: { type: 'string' },
    only: { type: 'string', default: '' }
  }
})

/** Pause between preparing and measuring, in milliseconds. */
const settleMs = 300
/** File system type of tmpfs, as statfs(2) tells it. */
const tmpfs = 0x01021994
/** Those that Logout Tokens are signed with. */
const algorithms = ['ES256', 'RS256']
/** Logouts whose deliveries the worker makes in a round, ten each. */
const logoutsToTell = 2500
/** Who does jobs that need no login. */
const nobody = { cookie: '', handle: '', accessToken: '', idToken: '' }

const rows = allRows.filter(row => keyOf(row).includes(options.only))
const applications = await startChild('applications')
const names: SubjectName[] = ['hello', 'utgang', 'oidc-provider', 'outbox']
const started = await Promise.all(
  names.map(async name => [name, await startChild(name, [String(applications.port)])] as const)
)
const children = { ...Object.fromEntries(started), applications } as Record<SubjectName, Child>
const samples = new Map<string, Sample[]>(rows.map(row => [keyOf(row), []]))
const delivered = new Map<string, Delivered[]>(algorithms.map(alg => [alg, []]))
try {
  // The first round warms up and does not count.
  for (let round = 0; round <= Number(options.rounds); round++) {
    process.stderr.write(round === 0 ? 'warming up ' : `round ${round} of ${options.rounds} `)
    // There and back, so that neither side of a ratio is always measured first.
    for (const row of round % 2 === 0 ? rows : rows.toReversed()) {
      const sample = await measure(row, children[row.subject], round === Number(options.rounds))
      if (round > 0) samples.get(keyOf(row))?.push(sample)
      process.stderr.write('.')
    }
    for (const alg of ['', 'worker'].includes(options.only) ? algorithms : []) {
      const sample = await children.outbox.deliver(alg, logoutsToTell)
      if (round > 0) delivered.get(alg)?.push(sample)
      process.stderr.write('.')
    }
    process.stderr.write('\n')
  }
} finally {
  await Promise.all(Object.values(children).map(child => child.close()))
}

const result = report(samples, delivered, statfsSync(tmpdir()).type === tmpfs)
process.stdout.write(`${table(result)}\n`)
mkdirSync(dirname(options.json), { recursive: true })
writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`)

function keyOf({ subject, name }: Row): string {
  return `${subject}: ${name}`
}

/** Prepares logins, does the jobs, and counts afterwards what is still alive. */
async function measure(row: Row, child: Child, last: boolean): Promise<Sample> {
  const logins = await child.signIn(row.logins, row.told)
  const heardBefore = await applications.heard()
  const profiled = options.profile !== undefined && last
  // What preparing has left to do (checkpoint, garbage) is not the jobs' to pay.
  await pause(settleMs)
  if (profiled) await child.startProfile()
  const cpuBefore = await child.cpuSeconds()
  const began = performance.now()
  const measured = await load(child.port, row.jobs, index => row.job(logins[index % logins.length] ?? nobody))
  const cpuSeconds = (await child.cpuSeconds()) - cpuBefore
  if (profiled)
    await child.saveProfile(join(options.profile ?? '', `${keyOf(row).replaceAll(/\W+/g, '-')}.cpuprofile`))
  const toldMs = row.told?.how === 'answers' ? await allTold(row, heardBefore, began) : undefined
  await proveDone(row, child, logins)
  return { ...measured, toldMs, serverCpuMicros: (cpuSeconds / row.jobs) * 1e6 }
}

/** Time from the first logout until every application has been told of each, in milliseconds. @throws Error after a minute */
async function allTold(row: Row, heardBefore: number, began: number): Promise<number> {
  const owed = row.logins * (row.told?.number ?? 0)
  for (;;) {
    const heard = (await applications.heard()) - heardBefore
    const elapsed = performance.now() - began
    if (heard >= owed) return elapsed
    if (elapsed > 60_000) throw new Error(`${keyOf(row)}: ${heard} of ${owed} were told after a minute`)
    await pause(10)
  }
}

/** @throws Error when something survived its logout, or did not survive a mere question */
async function proveDone(row: Row, child: Child, logins: Login[]): Promise<void> {
  const living = await child.living(logins)
  for (const what of ['sessions', 'tokens'] as const) {
    const expected = row.leaves[what] === 'all' ? logins.length : 0
    if (living[what] !== expected)
      throw new Error(`${keyOf(row)}: ${living[what]} ${what} are alive afterwards, not ${expected}`)
  }
}
