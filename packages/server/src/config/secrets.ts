import { privateKeyParts } from './client-schema.ts'

const names = [
  'client_secret',
  'password',
  'password_hash',
  'secret_keys',
  'sign_secret',
  'webhook_secret',
  'initial_access_token'
]
const secretNames = new Set<string>(names)
const secretKeyParts = new Set<string>(privateKeyParts)

/** What holds secrets further inside, and shows them when it is one text: JSON in the environment that cannot be read. */
const holders = new Set<PropertyKey | undefined>(['clients', 'users', 'registration', 'jwks'])

/** What stands where a secret would. */
const mask = '******'

/** Whether what stands at a path never appears in a message or a listing. */
function isSecret(path: readonly PropertyKey[]): boolean {
  const words = path.filter(key => typeof key === 'string')
  if (words.some(key => secretNames.has(key))) return true
  return words.includes('jwks') && secretKeyParts.has(words.at(-1) ?? '')
}

/** What a value belongs to, be it in a list. */
const nameOf = (path: readonly PropertyKey[]): PropertyKey | undefined =>
  path.findLast(key => typeof key === 'string')

/** A value as it may be shown: secrets inside it masked, passwords in addresses too. */
export function masked(value: unknown, path: readonly PropertyKey[] = []): unknown {
  if (isSecret(path) && !(Array.isArray(value) && value.length === 0)) return mask
  if (typeof value === 'string' && /[{[]/.test(value) && holders.has(nameOf(path))) return mask
  if (typeof value === 'string') return value.replace(/(:\/\/[^/?#\s:@]*:)[^/?#\s]*(?=@)/g, `$1${mask}`)
  if (Array.isArray(value)) return value.map((item, index) => masked(item, [...path, index]))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, masked(item, [...path, key])]))
}
