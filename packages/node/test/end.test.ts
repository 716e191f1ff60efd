import { afterEach, expect, test } from 'vitest'
import { type App, openApp } from './support/app.ts'

let app: App
afterEach(() => app.close())

test('the session of one application ends alone, its pages hear of it, and the next sign-in asks for no password', async () => {
  app = await openApp()
  const { auth, origin, person } = app
  await person.signIn(origin)
  const stream = await person.listen(`${origin}/auth/events`)
  const request = (): Request =>
    new Request(`${origin}/leave`, {
      headers: { cookie: [...person.cookies(origin)].map(it => it.join('=')).join('; ') }
    })
  const before = request()
  const ended = await auth.end(before)
  expect(ended?.sid).toEqual(expect.any(String))
  expect(await auth.session(before)).toBeUndefined()
  expect(await stream.next()).toEqual({ event: 'logout', data: { by: 'logout' } })
  expect(await auth.end(before)).toBeUndefined()

  // No page of the server comes between, and it is the sign-on session that there was.
  const { url } = await person.open(`${origin}/auth/login?return_to=/me`)
  expect(url.href).toBe(`${origin}/me`)
  expect((await auth.session(request()))?.sid).toBe(ended?.sid)
})
