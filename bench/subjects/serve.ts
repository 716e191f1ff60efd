import { writeFile } from 'node:fs/promises'
import { Session } from 'node:inspector/promises'
import type { Listening, Question, Reply, Subject } from './protocol.ts'

const inspector = new Session()

/** Tells the measuring process that this server listens, and answers what it asks. */
export function serveSubject(port: number, subject: Subject): void {
  process.on('message', async (question: Question) => {
    send(
      await answer(question, subject).then(
        value => ({ value }),
        (error: Error) => ({ failure: String(error.stack) })
      )
    )
    if (question.ask === 'close') process.disconnect()
  })
  // Should the measuring process be killed, nothing is left behind.
  process.once('disconnect', () => process.exit())
  send({ port })
}

function send(message: Reply | Listening): void {
  process.send?.(message)
}

async function answer(question: Question, subject: Subject): Promise<unknown> {
  switch (question.ask) {
    case 'signIn':
      return subject.signIn(question.count, question.told)
    case 'living':
      return subject.living(question.logins)
    case 'deliver':
      return subject.deliver?.(question.alg, question.logouts)
    case 'heard':
      return subject.heard?.()
    case 'cpuSeconds': {
      const { user, system } = process.cpuUsage()
      return (user + system) / 1e6
    }
    case 'startProfile':
      inspector.connect()
      await inspector.post('Profiler.enable')
      return inspector.post('Profiler.start')
    case 'saveProfile': {
      const { profile } = await inspector.post('Profiler.stop')
      inspector.disconnect()
      return writeFile(question.file, JSON.stringify(profile))
    }
    case 'close':
      return subject.close()
  }
}
