import { describe } from 'vitest'
import { sessionsContract } from './contract.ts'

describe('sessions in memory', () => sessionsContract('memory', () => ''))
