/** Markup that is ready to be sent: everything else that a template is given gets escaped. */
export class Html {
  readonly markup: string

  constructor(markup: string) {
    this.markup = markup
  }

  toString(): string {
    return this.markup
  }
}

/** What a template can be given: text (escaped), markup (as it is), lists of both; nothing for `false` and `undefined`. */
export type Piece = Html | string | number | false | null | undefined | readonly Piece[]

/** Tag for templates. Whatever is put in is escaped, unless it came out of this tag itself; attribute values need quotes. */
export function html(parts: TemplateStringsArray, ...pieces: Piece[]): Html {
  let markup = parts[0] ?? ''
  for (const [index, piece] of pieces.entries()) markup += render(piece) + (parts[index + 1] ?? '')
  return new Html(markup)
}

function render(piece: Piece): string {
  if (piece === undefined || piece === null || piece === false) return ''
  if (piece instanceof Html) return piece.markup
  if (typeof piece === 'object') return piece.map(render).join('')
  return String(piece).replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
