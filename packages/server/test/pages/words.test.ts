import { describe, expect, it } from 'vitest'
import { errorTable } from '../../src/errors.ts'
import { errorPage } from '../../src/pages/error.ts'
import { languageOf } from '../../src/pages/language.ts'
import { serialize } from '../../src/pages/markup.ts'
import {
  type ApplicationState,
  receiptNews,
  receiptSlip,
  type SignedOutReceipt
} from '../../src/pages/receipt.ts'
import { signInPage } from '../../src/pages/sign-in.ts'
import { signUpCheckPage } from '../../src/pages/sign-up.ts'
import { signedOutPage } from '../../src/pages/signed-out.ts'
import { en } from '../../src/pages/strings/en.ts'
import { nb } from '../../src/pages/strings/nb.ts'
import { switchAccountPage } from '../../src/pages/switch-account.ts'
import { all, byId, parsePage, textOf } from './parse-page.ts'

describe('the language of a page', () => {
  it.each([
    [undefined, 'en'],
    ['', 'en'],
    ['nb', 'nb'],
    ['no', 'nb'],
    ['nb-NO', 'nb'],
    ['NB-no', 'nb'],
    ['nn-NO', 'nb'],
    ['en-US nb', 'en'],
    ['xx zz', 'en'],
    ['xx nb', 'nb'],
    ['fr-CA fr no', 'nb'],
    ['  nb ', 'nb'],
    ['nbx', 'en'],
    ['<script>', 'en'],
    ['constructor', 'en']
  ] as const)('%j is read as %s', (wanted, lang) => expect(languageOf(wanted).lang).toBe(lang))

  it('leaves nothing in English on a Norwegian page', () => {
    const english = new Set(wordsIn(en))
    expect(wordsIn(nb).filter(text => english.has(text))).toEqual([])
  })
})

describe('an error page', () => {
  const codes = Object.keys(errorTable)
  const texts = (code: string, locale: string): string => {
    const page = parsePage(errorPage({ code, status: 400, locale }))
    return `${textOf(all(page, 'h1')[0] ?? page)} ${textOf(all(page, 'main')[0] ?? page)}`
  }

  it.each(['en', 'nb'])(
    'says in %s what happened and what to do now, for every code that a person meets',
    locale => {
      const { error } = languageOf(locale).strings
      for (const [code, { title, happened, next }] of Object.entries(error.codes)) {
        expect(codes).toContain(code)
        for (const text of [title, happened, next]) expect(texts(code, locale)).toContain(text)
      }
    }
  )

  it.each(['unsupported_response_type', 'constructor', ''])(
    'has words for a code it does not know: %j',
    code => {
      expect(texts(code, 'en')).toContain(en.error.unknown.happened)
    }
  )

  it('ends with the request id, for questions', () => {
    const page = parsePage(errorPage({ code: 'server_error', status: 500, requestId: 'req-1' }))
    expect(textOf(byId(page, 'fineprint') ?? page)).toBe(en.error.detail)
    expect(all(page, 'code').map(textOf)).toEqual(['server_error (500)', 'req-1'])
  })
})

describe('the receipt', () => {
  const receipt = (state: ApplicationState, more: Partial<SignedOutReceipt> = {}): SignedOutReceipt => ({
    id: 'r-1',
    at: Date.UTC(2026, 1, 3, 4, 5) / 1000,
    sessionsEnded: 1,
    tokensRevoked: false,
    isSettled: false,
    confirmed: 0,
    toConfirm: 0,
    applications: [{ name: 'The News', state }],
    ...more
  })
  const read = (it: SignedOutReceipt, locale?: string): string =>
    textOf(parsePage(serialize(receiptSlip(it, languageOf(locale)))))

  it.each([
    ['queued', 'Not told yet'],
    ['none', 'Not told'],
    ['delivered', 'Told'],
    ['refused', 'Turned down'],
    ['unclear', 'Unclear'],
    ['gave_up', 'Not reached'],
    ['superseded', 'Not needed'],
    ['requested', 'Asked'],
    ['not_requested', 'Not asked']
  ] as const)('says of %s: %s', (state, label) => {
    const page = parsePage(serialize(receiptSlip(receipt(state), languageOf('en'))))
    const [application] = all(page, 'li').filter(({ attributes }) => 'data-state' in attributes)
    expect(application?.attributes['data-state']).toBe(state)
    expect(textOf(application ?? page)).toMatch(new RegExp(`^The News ${label} `))
  })

  it.each([
    ['en', 'it has not been sent', /sent|has been told|was told|confirmed|delivered|knows/],
    ['nb', 'den er ikke sendt', /sendt|fikk beskjed|har fått beskjed|bekreftet|levert/]
  ] as const)('never sounds as if a queued notice had been sent: %s', (locale, denial, claim) => {
    const said = read(receipt('queued'), locale)
    expect(said).toContain(denial)
    expect(said.replace(denial, '')).not.toMatch(claim)
    expect(read(receipt('delivered'), locale)).toMatch(new RegExp(claim, 'i'))
  })

  it.each([
    ['en', 0, 0, undefined],
    ['en', 1, 3, '1 of 3 sites have confirmed.'],
    ['nb', 2, 3, '2 av 3 nettsteder har bekreftet.'],
    ['en', 2, 2, 'Both sites that hear of it have confirmed.'],
    ['nb', 2, 2, 'Begge nettstedene som får vite det, har bekreftet.'],
    ['en', 3, 3, 'All 3 sites that hear of it have confirmed.'],
    ['en', 0, 2, 'None of the 2 sites has confirmed yet.'],
    ['en', 0, 1, 'The one site that hears of it has not confirmed yet.'],
    ['nb', 1, 1, 'Det ene nettstedet som får vite det, har bekreftet.']
  ] as const)('counts in %s who has confirmed: %d of %d', (locale, confirmed, toConfirm, text) => {
    const it = receipt('none', { confirmed, toConfirm })
    const said = byId(parsePage(signedOutPage({ receipt: it, locale })), 'progress')
    expect(said && textOf(said)).toBe(text)
    expect(receiptNews(it, languageOf(locale)).progress?.text).toBe(text)
  })

  it('does not call a state settled that it does not know', () => {
    expect(read(receipt('brand_new' as ApplicationState))).toContain('The News Not known')
  })

  it('says only what was ended', () => {
    const session = 'that depends on'
    const handedBack = 'handed back'
    const nothing = 'there was nothing left to end'
    const said = (more: Partial<SignedOutReceipt>): string[] =>
      [session, handedBack, nothing].filter(text => read(receipt('none', more)).includes(text))
    expect(said({})).toEqual([session])
    expect(said({ tokensRevoked: true })).toEqual([session, handedBack])
    expect(said({ sessionsEnded: 0, tokensRevoked: true })).toEqual([handedBack])
    expect(said({ sessionsEnded: 0 })).toEqual([nothing])
  })

  it('gives the moment in UTC, in the language of the page', () => {
    expect(read(receipt('none'))).toContain('3 February 2026 at 04:05 UTC')
    expect(read(receipt('none'), 'nb')).toContain('3. februar 2026 kl. 04:05 UTC')
    expect(serialize(receiptSlip(receipt('none'), languageOf('en')))).toContain(
      'datetime="2026-02-03T04:05:00.000Z"'
    )
  })

  it('is not there when there is none to show, and the page still says that nobody is signed in', () => {
    const page = parsePage(signedOutPage({}))
    expect(byId(page, 'receipt')).toBeUndefined()
    expect(textOf(byId(page, 'signed-out') ?? page)).toContain(en.signedOut.nobody)
  })
})

it.each([
  [1, 'Try again in 1 second.'],
  [45, 'Try again in 45 seconds.'],
  [90, 'Try again in 90 seconds.'],
  [91, 'Try again in 2 minutes.'],
  [3600, 'Try again in 60 minutes.'],
  [undefined, 'Wait a little and try again.']
])('after too many wrong passwords, %s seconds: %s', (retryAfterSeconds, text) => {
  const page = parsePage(signInPage({ action: '/', error: { code: 'too_many_attempts', retryAfterSeconds } }))
  expect(textOf(byId(page, 'error') ?? page)).toContain(text)
})

it('the page after a sign-up says the same of a new and of a known address', () => {
  const said = textOf(all(parsePage(signUpCheckPage({ signInHref: '/' })), 'main')[0] ?? parsePage(''))
  expect(said).toContain('If the address was new here')
  expect(said).toContain('If it had an account already')
})

it('the switch of accounts says who will be signed out and who will be signed in', () => {
  const [ola, kari] = ['Ola', 'Kari'].map(name => ({ name, email: `${name}@example.test` }))
  if (!ola || !kari) throw new Error('nobody there')
  const said = textOf(
    parsePage(switchAccountPage({ action: '/', ticket: 't', from: ola, to: kari, clientName: 'The News' }))
  )
  expect(said).toMatch(
    /Will be signed out Ola .*Will be signed in Kari .*Sign out Ola and go on Keep Ola signed in/
  )
})

it('somebody without a name is called by their address', () => {
  const said = textOf(
    parsePage(signInPage({ action: '/', current: { name: ' ', email: 'ola@example.test' } }))
  )
  expect(said).toContain('Signed in as ola@example.test')
})

/** Every text in a table, templates filled with the same thing. */
function wordsIn(table: object): string[] {
  return Object.values(table).flatMap((it: unknown) => {
    if (typeof it === 'string') return [it]
    if (typeof it === 'object' && it !== null) return wordsIn(it)
    const said: unknown = typeof it === 'function' ? it(3) : undefined
    return typeof said === 'string' ? [said] : [serialize(said as Parameters<typeof serialize>[0])]
  })
}
