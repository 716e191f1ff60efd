import { expect, test } from 'vitest'
import { z } from 'zod'
import { clientSchema } from '../packages/server/src/config/client-schema.ts'
import { lifetimesSchema } from '../packages/server/src/config/lifetimes.ts'
import { checkConfig } from '../packages/server/src/config/load.ts'
import { resourceSchema } from '../packages/server/src/config/resource-schema.ts'
import { configSchema, userSchema } from '../packages/server/src/config/schema.ts'
import { expectMade, page, table } from './docs-made.ts'

/** The part of JSON Schema that is read here. */
interface Schema {
  type?: string
  description?: string
  default?: unknown
  enum?: string[]
  items?: Schema
  anyOf?: Schema[]
  properties?: Record<string, Schema>
  required?: string[]
  minimum?: number
  maximum?: number
}

const parts: [heading: string, about: string, schema: z.ZodType][] = [
  ['Everything', '', configSchema],
  ['`listen`', '', configSchema.shape.listen],
  ['`lifetimes`', 'In seconds. Expiry is judged at every read.', lifetimesSchema],
  ['One of `clients`', 'Metadata by its registered names, and Utgang’s own keys.', clientSchema],
  [
    'One of `resources`',
    'A client asks for a token for one of them by `resource` (RFC 8707). Consent is about scopes, whichever resource they are for.',
    resourceSchema
  ],
  ['One of `users`', 'Further keys are claims about them.', userSchema]
]

test('docs/configuration.md holds every key with its default and its meaning, and no other', async () => {
  const made = parts.map(([heading, about, schema]) => {
    const { properties = {}, required } = z.toJSONSchema(schema, { io: 'input' }) as Schema
    const rows = Object.entries(properties).map(([key, it]) => [
      `\`${key}\``,
      takes(it),
      required?.includes(key) ? 'required' : byDefault(it),
      it.description ?? ''
    ])
    return [`## ${heading}`, about, table(['Key', 'Takes', 'Default', 'Meaning'], rows)]
  })
  await expectMade('configuration.md', made.flat().filter(Boolean).join('\n\n'))
})

test.each(parts)('every key of %s says what it means', (_heading, _about, schema) => {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input' }) as Schema
  for (const [key, { description }] of Object.entries(properties)) expect(description, key).toMatch(/\w{3}/)
})

test('the example loads, once its placeholders are replaced and not before', () => {
  const [, text = ''] = /```json\n([\s\S]*?)```/.exec(page('configuration.md')) ?? []
  expect(() => checkConfig(JSON.parse(text))).toThrow(
    /secret_keys\[0\].*published[\s\S]*client_secret.*published/
  )
  const own = text.replace(/REPLACE-ME[^"]*/g, () => crypto.randomUUID())
  const config = checkConfig(JSON.parse(own))
  expect(config.clients.map(client => client.client_id)).toEqual(['news', 'phone-app'])
})

function takes({ type, enum: words, items, anyOf, minimum, maximum }: Schema): string {
  if (words) return words.map(word => `\`${word}\``).join(', ')
  if (anyOf) return anyOf.map(takes).join(', or ')
  if (type === 'array') return items?.type === 'object' ? 'list of objects' : `list of: ${takes(items ?? {})}`
  if (type === 'integer') return `${minimum} to ${(maximum ?? 0) > 1e15 ? '…' : maximum}`
  return { boolean: '`true`, `false`', string: 'text', object: 'object' }[type ?? ''] ?? ''
}

function byDefault({ default: value, type }: Schema): string {
  return value === undefined || type === 'object' ? '' : `\`${JSON.stringify(value)}\``
}
