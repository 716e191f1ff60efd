import { readFileSync } from 'node:fs'
import { UtgangError } from '../errors.ts'
import { configSchema } from './schema.ts'

type Given = Record<string, unknown>

/**
 * The JSON object in a file.
 * @throws UtgangError `bad_config` that says where the text stops to be JSON, and shows nothing of it
 */
export function readFile(file: string): Given {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const why = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`
    throw new UtgangError('bad_config', `${file}: ${why}`, { cause })
  }
  const value = parse(file, text.replace(/^\uFEFF/, ''))
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Given
  throw new UtgangError('bad_config', `${file}: holds no JSON object`)
}

/** How a key is called in the environment. */
export const environmentName = (key: string): string => `UTGANG_${key.toUpperCase()}`

/** What the environment sets: the text itself where the key takes it, else the JSON that it is. */
export function readEnvironment(env: Record<string, string | undefined>): Given {
  const prefix = environmentName('')
  const values: Given = {}
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith(prefix) || text === undefined) continue
    const key = name.slice(prefix.length).toLowerCase()
    if (isServiceLink(key, text)) continue
    values[key] = fromText(key, text)
  }
  return values
}

/** Kubernetes tells each pod where a Service called `utgang` is by `UTGANG_PORT=tcp://…` and its like: nobody configured anything by them. */
const isServiceLink = (key: string, text: string): boolean =>
  /^service_(host|port(_\w+)?)$|^port_\d+_(tcp|udp|sctp)(_(proto|port|addr))?$/.test(key) ||
  (key === 'port' && /^(tcp|udp|sctp):\/\//.test(text))

function fromText(key: string, text: string): unknown {
  const schema = Object.entries(configSchema.shape).find(([name]) => name === key)?.[1]
  if (schema?.safeParse(text).success) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function parse(file: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    // No cause and no snippet: the message of the parser quotes the file, which holds secrets.
    const [what = ''] = (error as Error).message.split(/, "|, \.\.\."| in JSON| is not valid| \(line/)
    const before = text.slice(0, firstBad(text)).split('\n')
    const column = (before.at(-1)?.length ?? 0) + 1
    throw new UtgangError(
      'bad_config',
      `${file}: is not JSON at line ${before.length}, column ${column}: ${what}`
    )
  }
}

/** Where the text stops to be JSON: before that, all that is wrong with it is that it is too short. */
function firstBad(text: string): number {
  let good = 0
  let bad = text.length
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1
    if (canGoOn(text.slice(0, middle))) good = middle
    else bad = middle
  }
  return good
}

function canGoOn(start: string): boolean {
  try {
    JSON.parse(start)
    return true
  } catch (error) {
    const { message } = error as Error
    if (message.startsWith('Unexpected end') || message.startsWith('Unterminated')) return true
    const position = /position (\d+)/.exec(message)?.[1]
    return position !== undefined && Number(position) >= start.length
  }
}
