import { cpus } from 'node:os'
import { deliveries, goals, slowest } from './goals.ts'
import type { Measured } from './load.ts'
import type { Delivered } from './subjects/protocol.ts'

/** One row in one round. */
export interface Sample extends Measured {
  /** Processor time that the server took for one job, all its threads together, in microseconds. */
  serverCpuMicros: number
  /** Time from the first logout until every application was told of each, in milliseconds; where any is told. */
  toldMs?: number
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
  slowest: { row: string; p99Ms: number; atMost: number; met: boolean }[]
  deliveries: ({ alg: string; goal: number; met: boolean; signingShare: number } & Delivered)[]
}

/** Sums up the rounds. Goals for what was not measured are left out. */
export function report(
  samples: Samples,
  delivered: ReadonlyMap<string, readonly Delivered[]>,
  databaseInMemory: boolean
): Report {
  const has = (row: string): boolean => (samples.get(row)?.length ?? 0) > 0
  return {
    node: process.version,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    databaseInMemory,
    rows: [...samples].map(([row, taken]) => ({ row, ...medians(taken) })),
    goals: goals
      .filter(it => has(it.ours) && has(it.theirs))
      .map(goal => {
        const theirs = samples.get(goal.theirs) ?? []
        const ratios = (samples.get(goal.ours) ?? []).map(
          ({ perSecond }, round) => perSecond / (theirs[round]?.perSecond ?? Number.NaN)
        )
        const ratio = median(ratios)
        return { ...goal, ratio, ratios, met: ratio >= goal.atLeast }
      }),
    slowest: slowest
      .filter(it => has(it.row))
      .map(({ row, p99Ms: atMost }) => {
        const p99Ms = median((samples.get(row) ?? []).map(it => it.p99Ms))
        return { row, p99Ms, atMost, met: p99Ms <= atMost }
      }),
    deliveries: [...delivered]
      .filter(([, taken]) => taken.length > 0)
      .map(([alg, taken]) => {
        const of = (figure: keyof Delivered): number => median(taken.map(it => it[figure]))
        const [perSecond, cpuMicros, signMicros] = [of('perSecond'), of('cpuMicros'), of('signMicros')]
        const goal = deliveries[alg] ?? 0
        const signingShare = signMicros / cpuMicros
        return { alg, perSecond, cpuMicros, signMicros, signingShare, goal, met: perSecond >= goal }
      })
  }
}

/** The report as a table for people. */
export function table(result: Report): string {
  const { node, cpu, cores, databaseInMemory, rows, goals: results } = result
  const lines = [
    `Node ${node}, ${cores} x ${cpu}. Medians over the rounds.`,
    ...(databaseInMemory ? ['The database is on a memory file system: its commits cost nothing here.'] : []),
    '',
    columns('', 'jobs/s', 'p50 ms', 'p99 ms', 'server µs/job', 'generator cpu', 'all told ms'),
    ...rows.map(it =>
      columns(
        it.row,
        it.perSecond.toFixed(0),
        it.p50Ms.toFixed(2),
        it.p99Ms.toFixed(2),
        it.serverCpuMicros.toFixed(0),
        `${(it.generatorCpu * 100).toFixed(0)} %`,
        it.toldMs?.toFixed(0) ?? ''
      )
    ),
    '',
    ...result.deliveries.map(
      it =>
        `${verdict(it.met)}  worker: ${it.perSecond.toFixed(0)} deliveries/s with ${it.alg} (goal ${it.goal}), ` +
        `${it.cpuMicros.toFixed(0)} µs each, ${(it.signingShare * 100).toFixed(0)} % of it signing`
    ),
    ...result.slowest.map(
      it => `${verdict(it.met)}  ${it.row}: p99 ${it.p99Ms.toFixed(0)} ms (goal at most ${it.atMost})`
    ),
    ...results.map(
      ({ ours, theirs, ratio, ratios, atLeast, met }) =>
        `${verdict(met)}  ${ours} / ${theirs} = ${ratio.toFixed(2)} ` +
        `(goal ${atLeast}; rounds ${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)})`
    )
  ]
  return lines.join('\n')
}

const verdict = (met: boolean): string => (met ? 'met    ' : 'NOT met')

function columns(name: string, ...figures: string[]): string {
  return name.padEnd(32) + figures.map(figure => figure.padStart(15)).join('')
}

function medians(taken: readonly Sample[]): Sample {
  const of = (figure: keyof Sample): number => median(taken.map(sample => sample[figure] ?? Number.NaN))
  return {
    perSecond: of('perSecond'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    generatorCpu: of('generatorCpu'),
    serverCpuMicros: of('serverCpuMicros'),
    ...(taken[0]?.toldMs === undefined ? {} : { toldMs: of('toldMs') })
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const [low = Number.NaN, high = low] = sorted.slice(Math.ceil(middle) - 1, Math.floor(middle) + 1)
  return (low + high) / 2
}
