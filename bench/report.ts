import { cpus } from 'node:os'
import { goals } from './goals.ts'
import type { Measured } from './load.ts'

/** One row in one round. */
export interface Sample extends Measured {
  /** Processor time that the server took for one job, all its threads together, in microseconds. */
  serverCpuMicros: number
}

/** The samples of each row, one for each round, in the order of the rounds. */
export type Samples = ReadonlyMap<string, readonly Sample[]>

/** One row over all rounds: the median of each figure. */
type RowResult = { row: string } & Sample

/** One goal over all rounds. */
interface GoalResult {
  ours: string
  theirs: string
  atLeast: number
  /** Median of the ratios of the rounds: both sides of one ratio were measured seconds apart. */
  ratio: number
  ratios: number[]
  met: boolean
}

/** All of it, as it goes into the JSON file. */
export interface Report {
  node: string
  cpu: string
  cores: number
  /** Whether the database was on a memory file system, where committing to disk costs nothing. */
  databaseInMemory: boolean
  rows: RowResult[]
  goals: GoalResult[]
}

/** Sums up the rounds. */
export function report(samples: Samples, databaseInMemory: boolean): Report {
  return {
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    databaseInMemory,
    rows: [...samples].map(([row, taken]) => ({ row, ...medians(taken) })),
    goals: goals.map(goal => {
      const theirs = samples.get(goal.theirs) ?? []
      const ratios = (samples.get(goal.ours) ?? []).map(
        ({ perSecond }, round) => perSecond / (theirs[round]?.perSecond ?? Number.NaN)
      )
      const ratio = median(ratios)
      return { ...goal, ratio, ratios, met: ratio >= goal.atLeast }
    })
  }
}

/** The report as a table for people. */
export function table({ node, cpu, cores, databaseInMemory, rows, goals: results }: Report): string {
  const lines = [
    `Node ${node}, ${cores} x ${cpu}. Medians over the rounds.`,
    ...(databaseInMemory ? ['The database is on a memory file system: its commits cost nothing here.'] : []),
    '',
    columns('', 'jobs/s', 'p50 ms', 'p99 ms', 'server µs/job', 'generator cpu'),
    ...rows.map(it =>
      columns(
        it.row,
        it.perSecond.toFixed(0),
        it.p50Ms.toFixed(2),
        it.p99Ms.toFixed(2),
        it.serverCpuMicros.toFixed(0),
        `${(it.generatorCpu * 100).toFixed(0)} %`
      )
    ),
    '',
    ...results.map(
      ({ ours, theirs, ratio, ratios, atLeast, met }) =>
        `${met ? 'met    ' : 'NOT met'}  ${ours} / ${theirs} = ${ratio.toFixed(2)} ` +
        `(goal ${atLeast}; rounds ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`
    )
  ]
  return lines.join('\n')
}

function columns(name: string, ...figures: string[]): string {
  return name.padEnd(32) + figures.map(figure => figure.padStart(15)).join('')
}

function medians(taken: readonly Sample[]): Sample {
  const of = (figure: keyof Sample): number => median(taken.map(sample => sample[figure]))
  return {
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    generatorCpu: of('generatorCpu'),
    serverCpuMicros: of('serverCpuMicros')
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = Number.NaN, high = low] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1)
  return (low + high) / 2
}
