import { connect, type Socket } from 'node:net'
import { type Answer, readAnswer } from './answer.ts'

/** One piece of work: a first request, and what follows from each answer. */
export interface Job {
  request: string
  /**
   * Checks an answer. Returns the next request of this job, or `undefined` when it is done.
   * @throws Error when the answer is not what a server that did the job would say
   */
  answered(answer: Answer): string | undefined
}

/** What a load took. */
export interface Measured {
  perSecond: number
  /** Median time of a job, first byte out to last byte in, in milliseconds. */
  p50Ms: number
  p99Ms: number
  /** Share of one core that this process, the load generator, used. */
  generatorCpu: number
}

/** Connections that are kept open; each has at most one request under way. */
const connections = 64
/** A load that takes longer has hung, in milliseconds. */
const longestMs = 60_000

/**
 * Does `count` jobs over kept-alive connections, as fast as the server answers. Plain sockets: a full HTTP client
 * costs more per request than the servers do, and would measure itself.
 * @throws Error at the first wrong answer, lost connection or when it takes too long
 */
export async function load(port: number, count: number, job: (index: number) => Job): Promise<Measured> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => open(port)))
  const took = new Float64Array(count)
  let taken = 0
  let left = count
  let stopped = false
  const cpuBefore = process.cpuUsage()
  const startedAt = performance.now()
  try {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`still ${left} jobs after ${longestMs} ms`)), longestMs)
      const finish = (error?: Error): void => {
        clearTimeout(timer)
        if (error) reject(error)
        else resolve()
      }
      for (const socket of sockets) work(socket, finish)
      stayAwake()
    })
  } finally {
    stopped = true
    for (const { socket } of sockets) socket.destroy()
  }
  const elapsedMs = performance.now() - startedAt
  const cpu = process.cpuUsage(cpuBefore)
  took.sort()
  return {
    perSecond: (count / elapsedMs) * 1000,
    p50Ms: took[Math.floor(count * 0.5)] ?? 0,
    p99Ms: took[Math.floor(count * 0.99)] ?? 0,
    generatorCpu: (cpu.user + cpu.system) / 1000 / elapsedMs
  }

  // A process that sleeps until the next answer has to be woken by the server's write, and the server pays for that:
  // up to a third of a fast answer, on one machine. Over a network it would not.
  function stayAwake(): void {
    if (left > 0 && !stopped) setImmediate(stayAwake)
  }

  /** Does one job after the other on one connection, until none is left. */
  function work(line: Line, finish: (error?: Error) => void): void {
    let current: Job
    let index: number
    let since: number
    line.failed = finish
    line.received = text => {
      try {
        const answer = readAnswer(text)
        if (!answer) return false
        const following = current.answered(answer)
        if (following === undefined) next()
        else line.socket.write(following, 'latin1')
        return true
      } catch (error) {
        finish(error as Error)
        return true
      }
    }
    start()

    function start(): void {
      if (taken === count) return
      index = taken++
      current = job(index)
      since = performance.now()
      line.socket.write(current.request, 'latin1')
    }

    function next(): void {
      took[index] = performance.now() - since
      left--
      if (left === 0) finish()
      else start()
    }
  }
}

/** A connection and who listens on it. */
interface Line {
  socket: Socket
  /** Given all that came since the last whole answer; says whether it was a whole answer. */
  received(text: string): boolean
  failed(error: Error): void
}

function open(port: number): Promise<Line> {
  return new Promise((resolve, reject) => {
    let text = ''
    // One buffer for all that a connection ever reads: the generator must stay cheaper than what it measures.
    const bytes = Buffer.allocUnsafe(64 * 1024)
    const socket = connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: bytes,
        callback: length => {
          text += bytes.toString('latin1', 0, length)
          if (line.received(text)) text = ''
          return true
        }
      }
    })
    const line: Line = { socket, received: () => false, failed: reject }
    socket.once('connect', () => resolve(line))
    socket.once('error', error => line.failed(error))
    socket.once('end', () => line.failed(new Error('the server closed a connection')))
  })
}
