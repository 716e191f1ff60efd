import { accessSync, constants, statSync } from 'node:fs'

/** The first of these paths that is a program which can be run. */
export function runnable(paths: string | readonly string[]): string | undefined {
  return [paths].flat().find(path => {
    try {
      accessSync(path, constants.X_OK)
      return statSync(path).isFile()
    } catch {
      return false
    }
  })
}
