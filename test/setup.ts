import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { type Wanted, wanted } from './wanted.ts'

// Always ends with status 0: the tests of what is not there are skipped, and everything else still runs.
const missing = wanted.filter(it => !it.found())
// A path that somebody set is theirs to put right.
const installable = missing.filter(it => !asked(it))
if (installable.length > 0 && canInstall()) install(installable)
for (const it of wanted) console.log(lineOf(it))

function lineOf(it: Wanted): string {
  const found = it.found()
  if (found) return `${it.name}: ${found}${missing.includes(it) ? ' (just installed)' : ''}`
  const why = asked(it) ? `${it.variable} is ${asked(it)}, which cannot be run. ` : ''
  return `No ${it.name}. ${why}Its tests will be skipped. Debian: \`apt-get install ${it.packages.join(' ')}\`; ${it.elsewhere}.`
}

function asked({ variable = '' }: Wanted): string | undefined {
  return process.env[variable]
}

function canInstall(): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && existsSync('/usr/bin/apt-get')
}

/** Installs what is missing, all in one call; a package that this machine does not know must not keep the others away. */
function install(programs: readonly Wanted[]): void {
  const packages = programs.flatMap(it => it.packages)
  console.log(`Not found: ${programs.map(it => it.name).join(', ')}. Installing ${packages.join(', ')}.`)
  if (aptInstall(packages)) return
  // A fresh machine or image has no package lists, or old ones that name files which are gone.
  if (aptGet('update') && aptInstall(packages)) return
  if (programs.length > 1) for (const it of programs) aptInstall(it.packages)
}

function aptInstall(packages: readonly string[]): boolean {
  return aptGet('install', '-y', '--no-install-recommends', ...packages)
}

/** Runs apt-get quietly, waiting up to two minutes for another one to finish. False when it failed. */
function aptGet(...args: string[]): boolean {
  const { status } = spawnSync('apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], {
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  })
  return status === 0
}
