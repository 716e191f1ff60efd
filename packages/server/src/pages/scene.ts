import { html, type Markup } from './markup.ts'

/** How far open the door stands: `closed` where there is no way on, `ajar` on the way in, `open` on the way out. */
export type Door = 'closed' | 'ajar' | 'open'

/** The sign beside the name. */
export const symbol: Markup = html`<svg class="symbol" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><path class="s-door" d="M6 27V5h13v22z"/><path class="s-leaf" d="M6 27V5l9 4v22z"/><path class="s-arrow" d="M21 16h9m-4-4 4 4-4 4"/></svg>`

/**
 * A hallway with a door and the evening outside, as a picture that says nothing which the text does not. The wall is the
 * background; floor and lamp reach beyond the picture, so that it fits a narrow band and a tall panel alike.
 */
export function scene(door: Door): Markup {
  return html`<svg class="scene" viewBox="0 0 480 560" preserveAspectRatio="xMidYMax meet" aria-hidden="true" focusable="false">
<path class="c-floor" d="M-3000 470h6480v2000h-6480z"/>
<path class="c-skirting" d="M-3000 458h6480v12h-6480z"/>
<path class="c-cord" d="M388-2000V92"/>
<path class="c-lamp" d="M346 128a42 40 0 0 1 84 0z"/><ellipse class="c-bulb" cx="388" cy="128" rx="15" ry="5"/>
<path class="c-pot" d="M372 424h56l-7 60h-42z"/>
<path class="c-leaf" d="M398 424c-6-40-30-56-52-58 2 26 18 50 52 58zM402 424c-2-52 14-78 34-90 10 30 0 66-34 90zM400 424c-14-50-10-84 0-106 16 30 16 70 0 106z"/>
${leaves[door]}
</svg>`
}

/** The doorway with the evening in it: low sun, two ridges, water. */
const outside: Markup = html`<path class="c-sky" d="M150 142h180v328H150z"/>
<circle class="c-sun" cx="262" cy="300" r="34"/>
<path class="c-far" d="M150 338l44-46 30 30 28-22 36 34 42-34v96H150z"/>
<path class="c-near" d="M150 380l62-48 44 36 30-16 44 36v32H150z"/>
<path class="c-water" d="M150 386h180v84H150z"/>
<path class="c-shine" d="M244 396h38M236 412h52M250 428h30M230 446h46"/>
<path class="c-frame" d="M146 138h188v332h-14V152H160v318h-14z"/>`

const leaves: Record<Door, Markup> = {
  closed: html`<path class="c-frame" d="M146 138h188v332H146z"/>
<path class="c-doorleaf" d="M160 152h160v318H160z"/>
<path class="c-panelling" d="M184 178h112v108H184zM184 312h112v134H184z"/>
<circle class="c-handle" cx="304" cy="322" r="7"/>
<path class="c-glow" d="M162 470h156l26 14H136z"/>`,
  ajar: html`${outside}
<path class="c-glow" d="M268 470h52l96 170H250z"/>
<path class="c-doorleaf" d="M159 152l113-22v370l-113-30z"/>
<path class="c-panelling" d="M178 176l74-12v116l-74 4zM178 308l74 0v158l-74-18z"/>
<circle class="c-handle" cx="262" cy="324" r="7"/>`,
  open: html`${outside}
<path class="c-glow" d="M160 470h160l120 200H60z"/>
<path class="c-doorleaf" d="M160 152l-72-40v424l72-66z"/>
<path class="c-panelling" d="M148 172l-46-22v128l46 4zM148 306l-46 2v186l46-40z"/>
<circle class="c-handle" cx="96" cy="326" r="6"/>`
}
