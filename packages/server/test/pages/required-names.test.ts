import { describe, expect, it } from 'vitest'
import { errorPage } from '../../src/pages/error.ts'
import { signedOutPage } from '../../src/pages/signed-out.ts'
import { everyPage, ordinary } from './every-page.ts'
import { all, byId, elementsOf, parsePage, textOf } from './parse-page.ts'

const page = (name: string) => parsePage(everyPage(ordinary)[name] ?? '')

/** Tag and attributes that others count on: their tests, password managers, browser extensions. */
const names: [page: string, tag: string, attributes: Record<string, string>][] = [
  ['signIn', 'input', { name: 'login', autocomplete: 'username' }],
  ['signIn', 'input', { name: 'password', type: 'password', autocomplete: 'current-password' }],
  ['signIn', 'input', { name: 'remember', type: 'checkbox', value: 'on' }],
  ['signIn', 'button', { id: 'sign-in' }],
  ['signUp', 'input', { name: 'name', autocomplete: 'name' }],
  ['signUp', 'input', { name: 'email', type: 'email', autocomplete: 'email' }],
  ['signUp', 'input', { name: 'password', type: 'password', autocomplete: 'new-password' }],
  ['signUp', 'button', { id: 'sign-up' }],
  ['signUpCheck', 'div', { id: 'sign-up-received' }],
  ['consent', 'button', { id: 'allow', name: 'decision', value: 'allow' }],
  ['consent', 'button', { id: 'deny', name: 'decision', value: 'deny' }],
  ['selectAccount', 'button', { id: 'continue', name: 'choice', value: 'continue' }],
  ['selectAccount', 'button', { id: 'other', name: 'choice', value: 'other' }],
  ['switchAccount', 'input', { type: 'hidden', name: 'ticket' }],
  ['switchAccount', 'button', { id: 'switch-account', name: 'choice', value: 'switch' }],
  ['switchAccount', 'button', { id: 'stay', name: 'choice', value: 'stay' }],
  ['confirmLogout', 'form', { id: 'confirm-logout' }],
  ['confirmLogout', 'input', { type: 'hidden', name: 'request' }],
  ['confirmLogout', 'button', { id: 'confirm' }],
  ['confirmLogout', 'button', { id: 'stay', name: 'decision', value: 'stay' }],
  ['errorSignOut', 'form', { id: 'confirm-logout' }],
  ['errorSignOut', 'input', { type: 'hidden', name: 'request' }],
  ['errorSignOut', 'button', { id: 'confirm' }],
  ['errorSignOut', 'div', { id: 'error', 'data-code': 'invalid_hint' }],
  ['signInWrong', 'div', { id: 'error', 'data-code': 'invalid_credentials' }],
  ['signInLater', 'div', { id: 'error', 'data-code': 'too_many_attempts' }],
  ['signUpWrong', 'div', { id: 'error', 'data-code': 'invalid_request' }],
  ['signedOut', 'div', { id: 'signed-out' }],
  ['signedOutBare', 'div', { id: 'signed-out' }],
  ['frontChannel', 'div', { id: 'signed-out' }],
  ['frontChannel', 'a', { id: 'continue' }]
]

it.each(names)('%s has a %s with %j', (name, tag, attributes) => {
  const found = all(page(name), tag).filter(it =>
    Object.entries(attributes).every(([key, value]) => it.attributes[key] === value)
  )
  expect(found).toHaveLength(1)
})

it('confirming sends no decision, so that only staying has to be said', () => {
  expect(byId(page('confirmLogout'), 'confirm')?.attributes.name).toBeUndefined()
})

describe('a logout that was to go to an unregistered address', () => {
  const stopped = signedOutPage({
    error: { code: 'redirect_uri_mismatch' },
    clientName: 'The News',
    clientUri: 'https://news.example/'
  })

  it('says both that the person is signed out and why they are not sent on, and links to the application', () => {
    const it = parsePage(stopped)
    expect(textOf(byId(it, 'signed-out') ?? it)).toContain('You are signed out')
    expect(byId(it, 'error')?.attributes['data-code']).toBe('redirect_uri_mismatch')
    expect(all(byId(it, 'error') ?? it, 'a').map(({ attributes }) => attributes.href)).toEqual([
      'https://news.example/'
    ])
  })

  it('is written so that a plain text search finds it', () => {
    expect(stopped).toContain('id="signed-out"')
    expect(stopped).toContain('id="error" data-code="redirect_uri_mismatch"')
  })

  it('names nobody when the application is not known', () => {
    const it = parsePage(signedOutPage({ error: { code: 'redirect_uri_mismatch' } }))
    expect(all(byId(it, 'error') ?? it, 'a', 'bdi')).toEqual([])
  })
})

it('shows the sign-out form of an error page only to somebody who is signed in', () => {
  const nobody = parsePage(errorPage({ code: 'invalid_hint', status: 400 }))
  expect(all(nobody, 'form')).toEqual([])
  expect(all(page('errorSignOut'), 'form')).toHaveLength(1)
})

it.each(['consent', 'selectAccount', 'home'])('shows the way out to whoever is signed in: %s', name => {
  const ways = elementsOf(page(name)).filter(it => textOf(it) === 'Sign out' && it.tag === 'a')
  expect(ways).toHaveLength(1)
})

it('offers a field to an empty form and the password to a filled one', () => {
  const focused = (name: string) => all(page(name), 'input').filter(it => 'autofocus' in it.attributes)
  expect(focused('signInFirst').map(it => it.attributes.name)).toEqual(['login'])
  expect(focused('signInWrong').map(it => it.attributes.name)).toEqual(['password'])
})
