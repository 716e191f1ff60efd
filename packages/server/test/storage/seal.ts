import { checkConfig } from '../../src/config/load.ts'
import { sealerFor } from '../../src/open-storage.ts'
import { issuer } from '../support/fixtures.ts'

// A process of its own for sealed.test.ts: seals a word beside the database that it is given.
const [, , file = ''] = process.argv
process.stdout.write(sealerFor(checkConfig({ issuer, storage: `sqlite:${file}` })).seal('a word'))
