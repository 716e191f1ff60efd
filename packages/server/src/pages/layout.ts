import type { Language } from './language.ts'
import { html, type Markup, serialize } from './markup.ts'
import { type Door, scene, symbol } from './scene.ts'
import { stylesheetHref } from './style.ts'

/** What one page is made of. */
export interface Page {
  language: Language
  /** For the browser's tab and for whoever hears the page before reading it. */
  title: string
  /** How far open the door in the picture stands. */
  door: Door
  /** For the few pages that run a script of ours or go on by themselves. */
  head?: Markup
  content: Markup
}

/** A whole document. It needs no script, and nothing from another origin. */
export function layout({ language: { lang, strings: t }, title, door, head, content }: Page): string {
  return serialize(html`<!doctype html>
<html lang="${lang}">
<head>
<meta charset="utf-8">
<title>${title} · Utgang</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#14442e" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#10271d" media="(prefers-color-scheme: dark)">
<meta name="robots" content="noindex">
<meta name="format-detection" content="telephone=no">
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="${stylesheetHref}">
${head}</head>
<body>
<header class="panel">
<a class="wordmark" href="/">${symbol}<span>Utgang</span><span class="unseen"> – ${t.frontPage}</span></a>
${scene(door)}
</header>
<div class="side">
<main>
${content}
</main>
<footer>${t.tagline}</footer>
</div>
</body>
</html>
`)
}

const icon = `data:image/svg+xml,${encodeURIComponent(
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#14442e"/><path d="M8 26V7h10v19z" fill="#f4d58d"/><path d="M8 26V7l7 3v19z" fill="#fbfaf7"/><path d="M21 16h6m-3-3 3 3-3 3" fill="none" stroke="#fbfaf7" stroke-width="2"/></svg>'
)}`
