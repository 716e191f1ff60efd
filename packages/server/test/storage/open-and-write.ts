import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'
import { now, person } from './contract/stage.ts'

// A process of its own for one-file.test.ts: opens the database that it is given, adds one user, closes it.
const [, , file = '', sub = ''] = process.argv
const storage = openSqlite(file)
await storage.addUser(person(sub), now)
await storage.close()
