/** An element of a page. */
export interface Element {
  tag: string
  attributes: Record<string, string>
  children: (Element | string)[]
}

/**
 * Reads a page as strictly as it is written: attributes are quoted, elements closed, values escaped.
 * @throws Error where it is not so, which is how a test notices a value that broke out of its place.
 */
export function parsePage(text: string): Element {
  const root: Element = { tag: '#page', attributes: {}, children: [] }
  const open = [root]
  const top = (): Element => open.at(-1) ?? root
  let at = text.replace(/^<!doctype html>/, '')
  while (at !== '') {
    const [token] = /^(?:[^<]+|<\/?[a-z][^<>]*>)/.exec(at) ?? fail(at)
    at = at.slice(token.length)
    if (!token.startsWith('<')) top().children.push(unescaped(token))
    else if (token.startsWith('</')) {
      if (top().tag !== token.slice(2, -1)) fail(`${token} closes ${top().tag}`)
      open.pop()
    } else {
      const element = readTag(token)
      top().children.push(element)
      if (!voidTags.has(element.tag) && !token.endsWith('/>')) open.push(element)
    }
  }
  if (open.length > 1) fail(`${top().tag} is not closed`)
  return root
}

/** Every element in order of the text. */
export function elementsOf(within: Element): Element[] {
  return within.children.flatMap(it => (typeof it === 'string' ? [] : [it, ...elementsOf(it)]))
}

/** The elements with this tag. */
export const all = (within: Element, ...tags: string[]): Element[] =>
  elementsOf(within).filter(it => tags.includes(it.tag))

/** The element with this id. */
export const byId = (within: Element, id: string): Element | undefined =>
  elementsOf(within).find(it => it.attributes.id === id)

/** The text that a person reads in an element. */
export function textOf(within: Element): string {
  const text = within.children.map(it => (typeof it === 'string' ? it : textOf(it))).join(' ')
  return text.replace(/\s+/g, ' ').trim()
}

const voidTags = new Set(['meta', 'link', 'input', 'br', 'img'])

function readTag(token: string): Element {
  const [, tag = '', rest = ''] =
    /^<([a-z][a-z0-9]*)((?: [a-zA-Z-]+(?:="[^"<>]*")?)*)\/?>$/.exec(token) ?? fail(token)
  const attributes: Record<string, string> = Object.create(null)
  for (const [, name = '', value = ''] of rest.matchAll(/ ([a-zA-Z-]+)(?:="([^"]*)")?/g)) {
    if (name in attributes) fail(`${name} twice in ${token}`)
    attributes[name] = unescaped(value)
  }
  return { tag, attributes, children: [] }
}

function unescaped(text: string): string {
  return text.replace(/&(?:(\w+);|#(\d+);)?|[<>]/g, (found, name?: string, code?: string) => {
    if (!found.endsWith(';')) return fail(`${found} in ${text}`)
    return code ? String.fromCodePoint(Number(code)) : (entities[name ?? ''] ?? fail(found))
  })
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"' }

function fail(what: string): never {
  throw new Error(`not well-formed: ${what.slice(0, 200)}`)
}
