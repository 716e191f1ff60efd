import type { Json } from '../storage/records.ts'

/**
 * What is kept of an interaction, with each `id_token_hint` in it in another form, at whatever depth. A hint is a whole
 * ID Token, and an authorization that starts again needs it as it was: so it is sealed on the way down and opened on
 * the way up.
 */
export function withHints(payload: Json, form: (hint: string) => string): Json {
  return JSON.parse(JSON.stringify(payload), (name, value) =>
    name === 'id_token_hint' && typeof value === 'string' ? form(value) : value
  )
}
