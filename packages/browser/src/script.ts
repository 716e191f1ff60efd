import { newSpid, type Spid } from './spid.ts'
import { newSpidUri, type SpidUri } from './spid-uri.ts'
import type { InitOptions } from './types.ts'

declare global {
  interface Window {
    SPiD: Spid
    SPiD_Uri: SpidUri
    /** A page's own function, called once the script is there. */
    asyncSPiD?: () => void
  }
}

let options: InitOptions = { client_id: '', server: '' }
window.SPiD = newSpid('0.1.0', it => {
  options = it
})
window.SPiD_Uri = newSpidUri(() => options)

if (window.asyncSPiD) window.asyncSPiD()
// The page may define it further down.
else addEventListener('DOMContentLoaded', () => window.asyncSPiD?.())
