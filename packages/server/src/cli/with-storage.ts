import { type Command, InvalidArgumentError } from 'commander'
import { type Clock, systemClock } from '../clock.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { type Heart, logoutHeart } from '../logout/end.ts'
import { type JobRunner, runJobs } from '../logout/jobs.ts'
import { openStorage } from '../open-storage.ts'
import type { Sealer } from '../storage/secrets.ts'
import type { Storage } from '../storage/storage.ts'
import { explained } from './refusals.ts'

/** What a command that works on the storage gets. */
export interface Workshop {
  config: Config
  clock: Clock
  storage: Storage
  sealer: Sealer
  heart: Heart
  jobs: JobRunner
}

/** Adds the option by which every command finds its configuration. */
export function configured(command: Command): Command {
  return command.option(
    '-c, --config <file>',
    'configuration (JSON); UTGANG_… in the environment goes before it'
  )
}

/** Reads an option that is a number of things. */
export function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It must be a whole number from 1.')
  return Number(text)
}

/** Runs a command on the storage of its configuration, beside a server that may be running on it. */
export async function withStorage<T>(
  options: { config?: string },
  work: (workshop: Workshop) => Promise<T>
): Promise<T> {
  const { config } = loadConfig({ file: options.config, env: process.env })
  const { storage, sealer } = await explained(config, () => openStorage(config))
  const jobs = runJobs(storage, systemClock, error =>
    process.stderr.write(`a logout job failed: ${String(error)}\n`)
  )
  try {
    return await work({
      config,
      clock: systemClock,
      storage,
      sealer,
      heart: logoutHeart(storage, systemClock, jobs.wake),
      jobs
    })
  } finally {
    await jobs.settled()
    await jobs.stop()
    await storage.close()
  }
}

/** What makes a terminal do something instead of showing it: control characters, and those that turn the direction. */
const commands = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Prints rows as a table with a heading. What others wrote into them cannot command the terminal. */
export function printRows(
  rows: readonly Record<string, string | number | null | undefined>[],
  none: string
): void {
  const [first] = rows
  if (!first) {
    process.stdout.write(`${none}\n`)
    return
  }
  const columns = Object.keys(first)
  const shown = rows.map(row =>
    Object.fromEntries(columns.map(name => [name, String(row[name] ?? '').replaceAll(commands, '�')]))
  )
  // Not spread into one call: of a hundred thousand rows that would be too many arguments.
  const widthOf = (name: string): number =>
    shown.reduce((most, row) => Math.max(most, (row[name] ?? '').length), name.length)
  const width = Object.fromEntries(columns.map(name => [name, widthOf(name)]))
  const line = (cells: (name: string) => string): string =>
    columns
      .map(name => cells(name).padEnd(width[name] ?? 0))
      .join('  ')
      .trimEnd()
  const lines = [line(name => name), ...shown.map(row => line(name => row[name] ?? ''))]
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** An instant for people: UTC, to the second. */
export const instant = (seconds: number): string =>
  new Date(seconds * 1000).toISOString().replace('.000Z', 'Z')
