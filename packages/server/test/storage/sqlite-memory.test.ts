import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import { storageContract } from './contract/contract.ts'

storageContract('SQLite in memory', async () => openSqlite(':memory:'))
