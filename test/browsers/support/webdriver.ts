/** A session of a W3C WebDriver. */
export interface WebDriver {
  capabilities: Record<string, unknown>
  /** One command of the session. */
  command<T>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<T>
  /** Id of the first element that a selector names, waited for. */
  element(selector: string): Promise<string>
}

const elementKey = 'element-6066-11e4-a52e-4f735466cecf'

/** Asks a driver for a session. */
export async function newWebDriver(driver: string, capabilities: object): Promise<WebDriver> {
  const created = await send<{ sessionId: string; capabilities: Record<string, unknown> }>(
    'POST',
    `${driver}/session`,
    { capabilities: { alwaysMatch: capabilities, firstMatch: [{}] } }
  )
  const session = `${driver}/session/${created.sessionId}`
  const command: WebDriver['command'] = (method, path, body) => send(method, session + path, body)
  await command('POST', '/timeouts', { script: 20_000, pageLoad: 20_000, implicit: 5000 })
  return {
    capabilities: created.capabilities,
    command,
    async element(selector) {
      const found = await command<Record<string, string>>('POST', '/element', {
        using: 'css selector',
        value: selector
      })
      return found[elementKey] ?? ''
    }
  }
}

async function send<T>(method: string, address: string, body?: object): Promise<T> {
  const answer = await fetch(address, {
    method,
    body: method === 'POST' ? JSON.stringify(body ?? {}) : undefined,
    headers: { 'content-type': 'application/json' }
  })
  const { value } = (await answer.json()) as { value: T & { error?: string; message?: string } }
  if (!answer.ok) throw new Error(`${method} ${new URL(address).pathname}: ${value?.error} ${value?.message}`)
  return value
}
