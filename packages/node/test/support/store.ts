export { memorySessions } from '../../src/index.ts'
