import { isIP } from 'node:net'
import { z } from 'zod'
import { clientSchema } from './client-schema.ts'
import { lifetimesSchema } from './lifetimes.ts'
import { resourceSchema } from './resource-schema.ts'

/** Fewest characters of a password, wherever one is chosen. */
export const shortestPassword = 8
/** Most characters of a password. */
export const longestPassword = 1000
/** Most characters of a mail address (RFC 5321 §4.5.3.1.3, without the angle brackets). */
export const longestEmail = 254
/** Most characters of a person's name. */
export const longestName = 200

/** A user in the config; further keys are claims about them. */
export const userSchema = z.looseObject({
  sub: z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, '1 to 255 visible ASCII characters')
    .describe('their name in every token; never changes, never that of a client'),
  email: z.email().describe('what they sign in with'),
  name: z.string().min(1).optional().describe('what people read; default: their address'),
  password: z
    .string()
    .min(shortestPassword)
    .max(longestPassword)
    .optional()
    .describe('kept as an argon2id hash'),
  password_hash: z
    .string()
    .startsWith('$argon2id$', 'an argon2id hash')
    .optional()
    .describe('the argon2id hash itself, instead of `password`')
})

/** Everything that can be configured, with what it means and its default. Keys that are not here are refused. */
export const configSchema = z.strictObject({
  issuer: z
    .string()
    .refine(isIssuer, 'an https URL without path, query or fragment (http for loopback hosts only)')
    .describe('where this server is reached; the `iss` of everything it signs'),
  listen: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
      port: z.int().min(0).max(65_535).default(4000).describe('port to listen on; 0 for a free one')
    })
    .prefault({})
    .describe('where the server listens'),
  storage: z
    .string()
    .regex(/^(sqlite:.+|postgres(ql)?:\/\/.+)$/, 'sqlite:PATH, sqlite::memory: or postgres://…')
    .default('sqlite:utgang.db')
    .describe('where everything is kept'),
  clients: z.array(clientSchema).default([]).describe('registered applications; the truth at each start'),
  resources: z
    .array(resourceSchema)
    .default([])
    .describe('APIs that clients may ask access tokens for by `resource` (RFC 8707)'),
  users: z.array(userSchema).default([]).describe('users to add when missing'),
  logout_wait_ms: z
    .int()
    .min(0)
    .max(10_000)
    .default(250)
    .describe(
      'longest that a redirect waits for the first attempts to tell applications; it waits for none that will be late'
    ),
  allow_private_addresses: z
    .boolean()
    .default(false)
    .describe(
      'whether a `jwks_uri` may be in a private network, and the `backchannel_logout_uri` of a confidential client http'
    ),
  extra_ca_file: z
    .string()
    .optional()
    .describe('PEM file of certificate authorities to trust besides the usual ones'),
  trust_proxy: z
    .array(z.string().refine(isProxy, 'an IP address, a range such as 10.0.0.0/8, or loopback'))
    .default([])
    .describe('addresses of proxies whose X-Forwarded-* headers count'),
  lifetimes: lifetimesSchema.prefault({}).describe('how long things live'),
  status_list_seconds: z
    .int()
    .min(1)
    .max(3600)
    .default(5)
    .describe('oldest that a status list may be, which says what JWT access tokens are dead'),
  retention_days: z.int().min(1).max(3650).default(90).describe('how long ended rows are kept'),
  registration: z
    .union([
      z.boolean(),
      z.strictObject({
        initial_access_token: z
          .string()
          .min(16)
          .regex(
            /^[\w\-.~+/]+=*$/,
            'letters, digits and -._~+/ only, as a Bearer header carries it (RFC 6750 §2.1)'
          )
      })
    ])
    .default(false)
    .describe('dynamic client registration: off, open, or with an initial access token'),
  secret_keys: z
    .array(z.string().min(32))
    .default([])
    .describe(
      'seal what must be read back; the first seals, all open. Made at the first start of a loopback server'
    ),
  log_level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('least level logged')
})

/** A checked configuration with every default filled in. */
export type Config = z.infer<typeof configSchema>

/** A user as the config holds it. */
export type UserConfig = z.infer<typeof userSchema>

/** Whether an address can be reached from this machine only (RFC 6761 for `.localhost`). */
export function isLoopback(address: string): boolean {
  const { hostname } = new URL(address)
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

function isIssuer(value: string): boolean {
  if (!URL.canParse(value)) return false
  const url = new URL(value)
  return (
    url.origin === value && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(value)))
  )
}

/** What Fastify takes as a trusted proxy, without the names that would trust strangers. */
function isProxy(value: string): boolean {
  if (value === 'loopback') return true
  const [address = '', bits, more] = value.split('/')
  const family = isIP(address)
  if (family === 0 || more !== undefined) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}
