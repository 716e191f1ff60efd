import { describe, expect, it } from 'vitest'
import { stylesheet } from '../../src/pages/style.ts'

const schemes = {
  light: coloursIn(/^:root \{([^}]*)\}/m),
  dark: coloursIn(/@media \(prefers-color-scheme: dark\) \{\s*:root \{([^}]*)\}/)
}

/** Least contrast of text (WCAG 2.2 §1.4.3) and of what marks a field or the focus (§1.4.11). */
const [text, mark] = [4.5, 3]

const pairs: [ink: string, ground: string, least: number][] = [
  ['ink', 'paper', text],
  ['ink', 'surface', text],
  ['ink', 'note', text],
  ['soft', 'paper', text],
  ['soft', 'surface', text],
  ['soft', 'note', text],
  ['accent', 'paper', text],
  ['accent', 'surface', text],
  ['accent', 'note', text],
  ['accent-strong', 'paper', text],
  ['accent-strong', 'surface', text],
  ['on-accent', 'accent', text],
  ['on-accent', 'accent-strong', text],
  ['danger', 'paper', text],
  ['danger', 'danger-ground', text],
  ['waiting', 'waiting-ground', text],
  ['settled', 'settled-ground', text],
  ['on-wall', 'wall', text],
  ['settled', 'surface', mark],
  ['edge', 'paper', mark],
  ['edge', 'surface', mark],
  ['edge', 'note', mark],
  ['danger', 'surface', mark],
  ['accent', 'note', mark],
  ['focus', 'paper', mark],
  ['focus', 'surface', mark],
  ['focus', 'note', mark]
]

describe.each(Object.entries(schemes))('%s', (_scheme, colours) => {
  it.each(pairs)('%s on %s has a contrast of at least %d', (ink, ground, least) => {
    expect(contrast(colours.get(ink), colours.get(ground))).toBeGreaterThanOrEqual(least)
  })
})

it('dark gives another value to every colour that light has', () => {
  expect([...schemes.dark.keys()].toSorted()).toEqual([...schemes.light.keys()].toSorted())
})

it('text colours stand in the table alone, so that the pairs above are all there are', () => {
  const rules = stylesheet.slice(stylesheet.indexOf('*,'))
  const inks = new Set([...rules.matchAll(/(?<![-\w])color: ([^;]+);/g)].map(([, value]) => value))
  const known = new Set(pairs.map(([ink]) => `var(--${ink})`))
  expect([...inks].filter(value => value !== 'inherit' && !known.has(value ?? ''))).toEqual([])
})

it('moves nothing for those who ask for that, and shows where the focus is', () => {
  expect(stylesheet).toMatch(/prefers-reduced-motion: reduce\) \{\s*\* \{\s*transition: none;/)
  expect(stylesheet).not.toMatch(/animation|@keyframes|outline: (none|0)/)
  expect(stylesheet).toMatch(/:focus-visible \{\s*outline: 3px solid/)
})

it('asks for nothing from elsewhere', () => expect(stylesheet).not.toMatch(/url\(|@import|https?:/))

it('knows the contrast of black and white', () => expect(contrast('#000000', '#ffffff')).toBeCloseTo(21))

function coloursIn(rule: RegExp): Map<string, string> {
  const [, body = ''] = rule.exec(stylesheet) ?? []
  return new Map(
    [...body.matchAll(/--([\w-]+): (#[\da-f]{6});/g)].map(([, name = '', value = '']) => [name, value])
  )
}

function contrast(one: string | undefined, other: string | undefined): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return (light + 0.05) / (dark + 0.05)
}

/** Relative luminance of a colour in sRGB (WCAG 2.2). */
function luminance(colour = 'missing'): number {
  const channels = colour.match(/[\da-f]{2}/g) ?? []
  if (channels.length !== 3) throw new Error(`not a colour: ${colour}`)
  const [red = 0, green = 0, blue = 0] = channels.map(channel => {
    const value = Number.parseInt(channel, 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}
