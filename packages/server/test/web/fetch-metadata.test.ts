import { describe, expect, test } from 'vitest'
import { isOwnForm, provenance } from '../../src/web/fetch-metadata.ts'
import { issuer } from '../support/fixtures.ts'

describe('what a request says of where it comes from', () => {
  test('an old browser or a tool says nothing', () => {
    expect(provenance({})).toEqual({
      site: undefined,
      dest: undefined,
      prefetch: false,
      refererOrigin: undefined,
      origin: undefined
    })
  })

  test('site and destination are taken as they are', () => {
    const headers = { 'sec-fetch-site': 'same-site', 'sec-fetch-dest': 'iframe' }
    expect(provenance(headers)).toMatchObject({ site: 'same-site', dest: 'iframe' })
  })

  test('the mode alone counts as nothing', () => {
    expect(provenance({ 'sec-fetch-mode': 'navigate' })).toEqual(provenance({}))
  })

  test.each([
    ['https://news.example/a/page?with=query', 'https://news.example'],
    ['https://news.example:8443/', 'https://news.example:8443'],
    ['HTTPS://News.Example', 'https://news.example'],
    ['https://news.example@evil.example/', 'https://evil.example'],
    ['https://news.example.evil.example/', 'https://news.example.evil.example'],
    ['android-app://com.example.app/', 'null'],
    ['about:blank', 'null'],
    ['not an address', 'null'],
    ['', undefined],
    [undefined, undefined]
  ])('the Referer %s is of the origin %s', (referer, origin) => {
    expect(provenance({ referer }).refererOrigin).toBe(origin)
  })

  test.each([
    ['sec-purpose', 'prefetch'],
    ['sec-purpose', 'prefetch;prerender'],
    ['sec-purpose', 'prefetch;anonymous-client-ip'],
    ['purpose', 'prefetch'],
    ['x-moz', 'prefetch']
  ])('%s: %s means that nobody has clicked', (name, value) => {
    expect(provenance({ [name]: value }).prefetch).toBe(true)
  })

  test('another purpose beside it does not hide a prefetch', () => {
    expect(provenance({ 'sec-purpose': 'something-new', purpose: 'prefetch' }).prefetch).toBe(true)
  })
})

describe('whether a form is our own', () => {
  test.each([
    [{ origin: issuer, 'sec-fetch-site': 'same-origin' }, true],
    // Our pages say no-referrer, and then browsers say no origin either.
    [{ origin: 'null', 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'none' }, true],
    [{ origin: issuer }, true],
    [{}, true],
    [{ origin: 'https://evil.example' }, false],
    [{ origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' }, false],
    [{ origin: `${issuer}.evil.example` }, false],
    [{ origin: issuer, 'sec-fetch-site': 'cross-site' }, false],
    [{ origin: 'null', 'sec-fetch-site': 'cross-site' }, false],
    [{ origin: issuer, 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'same-site' }, false]
  ])('%j: %s', (headers, own) => {
    expect(isOwnForm(provenance(headers), issuer)).toBe(own)
  })
})
