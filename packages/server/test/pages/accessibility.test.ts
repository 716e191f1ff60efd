import { describe, expect, it } from 'vitest'
import { everyPage, ordinary } from './every-page.ts'
import { all, byId, type Element, elementsOf, parsePage, textOf } from './parse-page.ts'

const pages = ['en', 'nb'].flatMap(locale =>
  Object.entries(everyPage({ ...ordinary, locale })).map(([name, text]) => ({ name, locale, text }))
)

/** Pages that do something by themselves, as long as scripts run. */
const ownScripts: Record<string, string> = {
  frontChannel: '/js/front-channel.js',
  signedOutLive: '/js/signed-out.js'
}

const references = ['for', 'aria-describedby', 'aria-labelledby']

describe.each(pages)('$name in $locale', ({ name, locale, text }) => {
  const page = parsePage(text)
  const elements = elementsOf(page)
  const ids = elements.flatMap(({ attributes: { id } }) => id ?? [])
  const inputs = all(page, 'input').filter(({ attributes }) => attributes.type !== 'hidden')

  it('is one document with a language, a title and one main part', () => {
    expect(text).toMatch(/^<!doctype html>\n<html lang="/)
    expect(all(page, 'html')[0]?.attributes.lang).toBe(locale)
    expect(all(page, 'title').map(textOf)).toEqual([expect.stringMatching(/^\S.* · Utgang$/)])
    expect(all(page, 'main')).toHaveLength(1)
    expect(all(page, 'header')).toHaveLength(1)
    expect(all(page, 'footer')).toHaveLength(1)
  })

  it('has one first heading, and skips no level below it', () => {
    const levels = all(page, 'h1', 'h2', 'h3', 'h4').map(({ tag }) => Number(tag[1]))
    expect(levels.filter(level => level === 1)).toHaveLength(1)
    expect(levels[0]).toBe(1)
    for (const [index, level] of levels.entries())
      expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1)
  })

  it('labels every field and says what belongs in it', () => {
    for (const { attributes } of inputs) {
      const labels = all(page, 'label').filter(it => it.attributes.for === attributes.id)
      expect(labels.map(textOf)).toEqual([expect.stringMatching(/\S/)])
      if (attributes.type !== 'checkbox') expect(attributes.autocomplete).toMatch(/\S/)
    }
  })

  it('names every button and link', () => {
    for (const it of all(page, 'button', 'a')) expect(textOf(it)).toMatch(/\S/)
  })

  it('refers only to what is there, and gives each id once', () => {
    expect(new Set(ids).size).toBe(ids.length)
    for (const { attributes } of elements) {
      for (const name of references) {
        for (const id of attributes[name]?.split(' ') ?? []) expect(ids, `${name}="${id}"`).toContain(id)
      }
    }
  })

  it('hides its pictures from those who hear the page', () => {
    for (const { attributes } of all(page, 'svg')) expect(attributes['aria-hidden']).toBe('true')
  })

  it('needs no script, no inline style and nothing from elsewhere', () => {
    expect(all(page, 'style', 'object', 'img', 'base')).toEqual([])
    const scripts = all(page, 'script').map(it => [it.attributes.src, textOf(it), 'defer' in it.attributes])
    expect(scripts).toEqual(name in ownScripts ? [[ownScripts[name], '', true]] : [])
    expect(all(page, 'iframe')).toHaveLength(name === 'frontChannel' ? 1 : 0)
    const names = elements.flatMap(({ attributes }) => Object.keys(attributes))
    expect(names.filter(name => name === 'style' || name.startsWith('on'))).toEqual([])
    for (const { attributes } of all(page, 'link'))
      expect(attributes.href).toMatch(/^(\/assets\/|data:image\/svg\+xml,)/)
  })

  it('sends its forms by POST, each with a button', () => {
    for (const form of all(page, 'form')) {
      expect(form.attributes).toMatchObject({ method: 'post', action: ordinary.text })
      expect(all(form, 'button').every(({ attributes }) => attributes.type === 'submit')).toBe(true)
      expect(all(form, 'button').length).toBeGreaterThan(0)
    }
  })
})

describe('what is wrong is said', () => {
  const {
    signInWrong = '',
    signInLater = '',
    signUpWrong = '',
    signUp = '',
    error = '',
    mismatch = ''
  } = everyPage(ordinary)
  const inputOf = (page: Element, name: string): Record<string, string> => byId(page, name)?.attributes ?? {}

  it.each(Object.entries({ signInWrong, signInLater, signUpWrong, error, mismatch }))(
    'at once: %s',
    (_name, text) => expect(byId(parsePage(text), 'error')?.attributes.role).toBe('alert')
  )

  it.each(Object.entries({ signInWrong, signInLater, signUpWrong }))('in the title: %s', (_name, text) =>
    expect(textOf(all(parsePage(text), 'title')[0] ?? parsePage(''))).toMatch(/^Error: /)
  )

  it('at both fields of a failed sign-in, without saying which one', () => {
    const page = parsePage(signInWrong)
    for (const name of ['login', 'password'])
      expect(inputOf(page, name)).toMatchObject({ 'aria-invalid': 'true', 'aria-describedby': 'error' })
  })

  it('at no field when it is only too early to try again', () => {
    expect(inputOf(parsePage(signInLater), 'password')['aria-invalid']).toBeUndefined()
  })

  it('at each field of a sign-up, with a way from the summary to the field', () => {
    const page = parsePage(signUpWrong)
    for (const name of ['name', 'email', 'password']) {
      const { 'aria-invalid': invalid, 'aria-describedby': describedBy = '' } = inputOf(page, name)
      expect(invalid).toBe('true')
      expect(describedBy.split(' ')).toContain(`${name}-problem`)
      const summary = byId(page, 'error') ?? page
      const link = all(summary, 'a').find(({ attributes }) => attributes.href === `#${name}`)
      expect(link && textOf(link)).toBe(textOf(byId(page, `${name}-problem`) ?? page))
    }
  })

  it('nowhere when nothing is', () => {
    expect(elementsOf(parsePage(signUp)).some(({ attributes }) => 'aria-invalid' in attributes)).toBe(false)
    expect(byId(parsePage(signUp), 'error')).toBeUndefined()
  })
})

it('changes on the page are said when there is a pause, and the bar beside them is not', () => {
  const page = parsePage(everyPage(ordinary).signedOutLive ?? '')
  expect(byId(page, 'progress')?.attributes['aria-live']).toBe('polite')
  expect(all(page, 'progress')[0]?.attributes['aria-hidden']).toBe('true')
})

it.each(['signedOut', 'signedOutBare', 'signedOutLive', 'frontChannel', 'mismatch'])(
  'that somebody is signed out is announced: %s',
  name => {
    expect(byId(parsePage(everyPage(ordinary)[name] ?? ''), 'signed-out')?.attributes.role).toBe('status')
  }
)
