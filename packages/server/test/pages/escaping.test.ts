import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { everyPage, type Outside, ordinary } from './every-page.ts'
import { all, elementsOf, parsePage, textOf } from './parse-page.ts'

/** Which elements with which attributes a page is made of, without their values. */
const shapeOf = (page: string): string[] =>
  elementsOf(parsePage(page)).map(({ tag, attributes }) => [tag, ...Object.keys(attributes)].join(' '))

const hostile = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' autofocus onfocus='alert(1)",
  '</title></head><body onload=alert(1)>',
  '</textarea><!--',
  '&lt;b&gt; &amp; &#60;',
  '{{7*7}} `1`',
  'javascript:alert(1)',
  '\u202Egnp.exe',
  ']]><svg/onload=alert(1)>'
]

function expectUnharmed(outside: Outside): void {
  const plain = everyPage({ ...ordinary, state: outside.state && 'a state of tomorrow' })
  for (const [name, page] of Object.entries(everyPage(outside))) {
    expect(shapeOf(page), name).toEqual(shapeOf(plain[name] ?? ''))
  }
}

describe('a value from outside is text and stays text on every page', () => {
  it.each(hostile)('%s', text => {
    expectUnharmed({ ...ordinary, text })
    expectUnharmed({ ...ordinary, uri: `https://news.example/${text}` })
    expectUnharmed({ ...ordinary, state: text })
  })

  it('whatever it is', () => {
    const text = fc
      .array(
        fc.constantFrom(
          '<',
          '>',
          '"',
          "'",
          '&',
          '/',
          '=',
          ' ',
          '\n',
          '!',
          '-',
          '`',
          ';',
          'a',
          'on',
          'script'
        ),
        {
          minLength: 1,
          maxLength: 12
        }
      )
      .map(parts => parts.join(''))
      .filter(it => it.trim() !== '')
    fc.assert(
      fc.property(text, it => expectUnharmed({ ...ordinary, text: it })),
      { numRuns: 150 }
    )
  })

  it.each(['constructor', '__proto__', 'hasOwnProperty'])(
    'a code, scope or state named %s is unknown',
    name => {
      expectUnharmed({ ...ordinary, text: name, state: name })
    }
  )
})

it('comes out of the page as it went in', () => {
  const text = `"<&'> ${'\u202E'}`
  const { signIn = '', error = '', consent = '' } = everyPage({ ...ordinary, text })
  const login = all(parsePage(signIn), 'input').find(({ attributes }) => attributes.name === 'login')
  expect(login?.attributes.value).toBe(text)
  expect(elementsOf(parsePage(error)).find(it => it.attributes.id === 'error')?.attributes['data-code']).toBe(
    text
  )
  expect(all(parsePage(consent), 'code').map(textOf)).toEqual([text.trim()])
})

it('sets a name apart from the sentence around it, whichever way it is written', () => {
  const { confirmLogout = '' } = everyPage({ ...ordinary, text: 'أخبار' })
  const named = all(parsePage(confirmLogout), 'bdi').map(textOf)
  expect(named).toEqual(['أخبار', 'أخبار', 'أخبار'])
})

describe('links to an application', () => {
  const linksTo = (uri: string): string[] => {
    const { consent = '', signedOut = '', mismatch = '' } = everyPage({ ...ordinary, text: '/here', uri })
    return [consent, signedOut, mismatch].flatMap(page =>
      all(parsePage(page), 'a').flatMap(({ attributes: { href = '' } }) =>
        href.startsWith('/') ? [] : [href]
      )
    )
  }

  it.each(['https://news.example/a?b=1&c=2', 'http://news.localhost:4001/'])('go to %s', uri => {
    const links = linksTo(uri)
    expect(new Set(links)).toEqual(new Set([uri]))
    expect(links.length).toBe(4)
  })

  it.each([
    'javascript:alert(1)',
    ' javascript:alert(1)',
    'JAVASCRIPT:alert(1)',
    'java\nscript:alert(1)',
    'data:text/html,<script>alert(1)</script>',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://news.example/1',
    '//evil.example/',
    'news.example',
    ''
  ])('do not exist for %j', uri => expect(linksTo(uri)).toEqual([]))
})

it.each([
  '<p title=a>x</p>',
  '<p>a < b</p>',
  '<p>a & b</p>',
  '<p>a &nbsp b</p>',
  '<p><b>x</p>',
  '<p>x',
  '<p title="a" title="b"></p>'
])('a broken page would be noticed: %s', page => expect(() => parsePage(page)).toThrow('not well-formed'))
