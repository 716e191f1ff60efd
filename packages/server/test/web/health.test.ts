import { expect, test } from 'vitest'
import { UtgangError } from '../../src/errors.ts'
import { startSystem } from '../support/system.ts'

test('alive and ready', async () => {
  const at = await startSystem()
  expect((await at.ask('/healthz')).json()).toEqual({ status: 'ok' })
  expect((await at.ask('/readyz')).json()).toEqual({ status: 'ready' })
})

test('without its storage a server lives but is not ready', async () => {
  const at = await startSystem({
    wrapStorage: storage => ({
      ...storage,
      ping: () => Promise.reject(new UtgangError('storage_unavailable'))
    })
  })
  expect((await at.ask('/healthz')).status).toBe(200)
  const answer = await at.ask('/readyz')
  expect(answer.status).toBe(503)
  expect(answer.headers['retry-after']).toBe('1')
  expect(answer.json()).toMatchObject({ error: 'storage_unavailable' })
})

test('what breaks inside stays inside: the answer has a code and an id, the log has the cause', async () => {
  const at = await startSystem({
    wrapStorage: storage => ({
      ...storage,
      ping: () => Promise.reject(new Error('disk hunter burns', { cause: 'hunter' }))
    })
  })
  const answer = await at.ask('/readyz')
  expect(answer.status).toBe(500)
  expect(answer.json()).toEqual({
    error: 'server_error',
    error_description: 'Something broke here.',
    request_id: answer.headers['x-request-id']
  })
  const logged = at.logs.filter(line => line.includes(String(answer.headers['x-request-id'])))
  expect(logged.join('')).toContain('disk hunter burns')
})
