import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'

const script = readFileSync(new URL('./check-session.js', import.meta.url), 'utf8')

/** The page that pages of other sites frame to ask about the OP browser state: one script and nothing to see. */
export const checkSessionPage = `<!DOCTYPE html>
<html lang="en">
<title>Session check</title>
<script>${script}</script>
</html>
`

/** What a Content Security Policy names that script by. */
export const checkSessionScript = `'sha256-${hash('sha256', script, 'base64')}'`
