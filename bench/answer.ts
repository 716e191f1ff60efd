/** An HTTP answer, one character for each byte. */
export interface Answer {
  status: number
  /** Status line and headers. */
  head: string
  body: string
}

/**
 * Reads one answer.
 * @returns `undefined` when the text holds only a part of it
 * @throws Error when more than one answer came, or one whose length is not told
 */
export function readAnswer(text: string): Answer | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const head = text.slice(0, headEnd + 2)
  const length = header({ head }, 'content-length')
  if (length === undefined) throw new Error(`an answer without Content-Length:\n${head}`)
  const end = headEnd + 4 + Number(length)
  if (text.length < end) return undefined
  if (text.length > end) throw new Error(`more than one answer:\n${text}`)
  return { status: Number(head.slice(9, 12)), head, body: text.slice(headEnd + 4) }
}

/** The first value of a header. */
export function header({ head }: Pick<Answer, 'head'>, name: string): string | undefined {
  // Servers differ in case; ours and Node's write it as here or in lower case.
  return new RegExp(`\\r\\n${name}: ([^\\r]*)`, 'i').exec(head)?.[1]
}
