/** A browser of one engine under one policy for cookies, with a profile of its own. */
export interface Engine {
  /** As the browser says it. */
  version: string
  newTab(): Promise<Tab>
  close(): Promise<void>
}

/** One tab. */
export interface Tab {
  goto(address: string): Promise<void>
  url(): Promise<string>
  /** Runs a function in the page, whose arguments and result are JSON (undefined comes as null); promises are waited for. */
  evaluate<T>(run: (...given: never[]) => T | Promise<T>, ...given: unknown[]): Promise<T>
  click(selector: string): Promise<void>
  type(selector: string, text: string): Promise<void>
  /** The back button. */
  back(): Promise<void>
  /** Brings it to the front. */
  show(): Promise<void>
  close(): Promise<void>
}

/** How a browser reaches the network of the tests. */
export interface Reach {
  proxyPort: number
  keyHash: string
}

/**
 * A function and its arguments as one expression, of which the result comes as JSON in all engines alike: each has its own
 * idea of objects that come twice, and of what is undefined.
 */
export const expression = (run: (...given: never[]) => unknown, given: unknown[]): string =>
  `Promise.resolve((${run})(...${JSON.stringify(given)})).then(it => JSON.stringify(it) ?? 'null')`
