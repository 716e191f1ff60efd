import { type Html, html } from './html.ts'

/** A whole page of a site: the head with the site's scripts, and around it what is the site's own. */
export const documentOf = (title: string, body: Html, scripts: Html): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<link rel="stylesheet" href="/site.css">
<script src="/back-button.js" defer></script>
${scripts}
<link rel="icon" href="/pictures/icon.svg" type="image/svg+xml">
</head>
<body>
${body}
</body>
</html>
`
