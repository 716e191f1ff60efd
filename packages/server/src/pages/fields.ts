import { html, type Markup } from './markup.ts'

/** One line of a form. */
export interface Field {
  /** Also its id. */
  name: string
  label: string
  type: 'text' | 'email' | 'password'
  autocomplete: 'username' | 'current-password' | 'new-password' | 'name' | 'email'
  value?: string
  hint?: string
  /** What is wrong with it, in words. */
  problem?: string
  /** Wrong, and said elsewhere: the id of the element that says so. */
  invalidBy?: string
  minLength?: number
  focus?: boolean
}

/** A labelled input with its hint and what is wrong with it, tied together for those who hear the page. */
export function field(it: Field): Markup {
  const { name, hint, problem, invalidBy } = it
  const described = [hint && `${name}-hint`, problem && `${name}-problem`, invalidBy]
    .filter(Boolean)
    .join(' ')
  return html`<div class="field">
<label for="${name}">${it.label}</label>
${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}${problem && html`<p class="problem" id="${name}-problem">${problem}</p>`}
<input id="${name}" name="${name}" type="${it.type}" autocomplete="${it.autocomplete}"${keyboard(it)} value="${it.value}" required${it.minLength !== undefined && html` minlength="${it.minLength}"`}${described !== '' && html` aria-describedby="${described}"`}${(problem || invalidBy) && html` aria-invalid="true"`}${it.focus && html` autofocus`}>
</div>`
}

/** Addresses and passwords are no prose: no capitals, no corrections. */
function keyboard({ type, autocomplete }: Field): Markup | false {
  if (autocomplete === 'name') return false
  const address = type !== 'password' && html` inputmode="email"`
  return html` autocapitalize="none" spellcheck="false"${address}`
}
