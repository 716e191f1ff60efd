import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { checkConfig } from '../packages/server/src/config/load.ts'
import { ssfPaths } from '../packages/server/src/doors/ssf-paths.ts'
import { eventTypes } from '../packages/server/src/tokens/security-event-token.ts'

const page = readFileSync(new URL('../docs/events.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) => JSON.parse(text))

test('the clients of docs/events.md are good configuration, and good for nobody else', () => {
  const clients = examples
    .filter(it => 'client_id' in it)
    .map(it => ({ ...(it.grant_types ? {} : { redirect_uris: ['https://shop.example.com/cb'] }), ...it }))
  expect(clients).toHaveLength(2)
  expect(checkConfig({ issuer: 'http://id.localhost:4000', clients }).clients).toHaveLength(2)
  const real = {
    issuer: 'https://id.example.com',
    secret_keys: ['a key of thirty-two bytes or more, for tests']
  }
  expect(() => checkConfig({ ...real, clients })).toThrow(
    /webhook_secret: is "\*{6}"; is published[\s\S]*client_secret: is "\*{6}"; is published/
  )
})

test('docs/events.md names each endpoint that receivers use, and the event as it is sent', () => {
  for (const path of Object.values(ssfPaths)) expect(page).toContain(path)
  const [event] = examples.filter(it => 'events' in it)
  expect(Object.keys(event.events)).toEqual([eventTypes.sessionRevoked])
})
