export { memorySessions } from './memory-tmp.ts'
