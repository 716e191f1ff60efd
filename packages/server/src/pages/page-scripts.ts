import { readFileSync } from 'node:fs'

const read = (name: string): string => readFileSync(new URL(`./${name}`, import.meta.url), 'utf8')

/** The few scripts of our pages, by the address at which the doors serve them; read once at start. */
export const pageScripts = {
  '/js/front-channel.js': read('front-channel.js'),
  '/js/signed-out.js': read('signed-out.js')
} as const

/** The address of a script of ours. */
export type PageScript = keyof typeof pageScripts
