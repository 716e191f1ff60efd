import { createInterface } from 'node:readline'
import { endAll, kill, removeFolder, treeOf } from './processes.ts'

// A program beside the tests: it reads which processes and folders are theirs, and clears them away when its input
// ends, which it does however the tests end.

const running = new Set<number>()
const folders = new Set<string>()

for await (const line of createInterface({ input: process.stdin })) {
  const [what, which = ''] = line.split(/ (.*)/)
  if (what === 'process') running.add(Number(which))
  if (what === 'gone') running.delete(Number(which))
  if (what === 'folder') folders.add(which)
}

const left = [...running].flatMap(treeOf)
left.forEach(kill)
await endAll(left)
folders.forEach(removeFolder)
