import { readFileSync } from 'node:fs'

/** The stylesheet of all pages, read once at start. */
export const stylesheet = readFileSync(new URL('./utgang.css', import.meta.url), 'utf8')

/** Where the doors serve it. */
export const stylesheetHref = '/assets/utgang.css'
