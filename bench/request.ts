const host = 'Host: 127.0.0.1\r\n'

/** A GET as it goes over the wire. Header lines are given whole, without their ends. */
export function get(path: string, ...headers: string[]): string {
  return `GET ${path} HTTP/1.1\r\n${host}${lines(headers)}\r\n`
}

/** A POST of a form (a string that is already encoded, ASCII alone). */
export function post(path: string, form: string, ...headers: string[]): string {
  const type = form === '' ? '' : 'Content-Type: application/x-www-form-urlencoded\r\n'
  return `POST ${path} HTTP/1.1\r\n${host}${lines(headers)}${type}Content-Length: ${form.length}\r\n\r\n${form}`
}

/** `client_secret_basic`, both halves form-encoded (RFC 6749 §2.3.1). */
export function basic(clientId: string, secret: string): string {
  const pair = `${encodeURIComponent(clientId)}:${encodeURIComponent(secret)}`
  return `Authorization: Basic ${Buffer.from(pair).toString('base64')}`
}

function lines(headers: string[]): string {
  return headers.map(line => `${line}\r\n`).join('')
}
