import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { openSqlite } from '../../src/storage/sqlite/sqlite.ts'

/** Every statement that the storage prepares, as it is prepared. */
const statements: string[] = []
const folder = mkdtempSync(join(tmpdir(), 'utgang-test-'))
const file = join(folder, 'plans.db')
let db: DatabaseSync

beforeAll(async () => {
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare')
  const storage = openSqlite(file)
  for (const [sql] of prepare.mock.calls) statements.push(sql.replace(/\s+/g, ' '))
  prepare.mockRestore()
  await storage.close()
  db = new DatabaseSync(file)
})

afterAll(() => {
  db.close()
  rmSync(folder, { recursive: true, force: true })
})

/**
 * What may go through a whole table or index, by the start of the statement: either the table stays small, or an
 * operator asks for everything. All other statements must find their rows by an index.
 */
const mayScan = [
  // Small: one row per migration, per key, per application.
  /FROM migrations/,
  /FROM sqlite_schema/,
  /FROM signing_keys/,
  /FROM clients ORDER BY client_id/,
  /(FROM|CROSS JOIN) streams/,
  // One row per 65,536 tokens, for as long as these live.
  /FROM status_lists/,
  // An operator's lists, cut off by their limits.
  /FROM users u .*ORDER BY u.created_at/,
  /FROM sessions s CROSS JOIN users .* ORDER BY s.created_at DESC/,
  /FROM deliveries .*ORDER BY created_at/,
  /FROM audit WHERE/,
  // How much a stream owes, counted up to its limit.
  /FROM \(SELECT 1 FROM deliveries WHERE stream_id/,
  // From the oldest row on, cut off by its limit.
  /DELETE FROM audit/,
  // What is still to be done.
  /FROM jobs WHERE done_at IS NULL/,
  // The whole system: goes through what has not ended, which is what it ends.
  /INDEXED BY sessions_of_user/,
  /INDEXED BY grants_of_client/
]

test('every statement but the few that may finds its rows by an index', () => {
  expect(statements.length).toBeGreaterThan(60)
  const scanning = statements
    .filter(sql => /^(SELECT|INSERT|UPDATE|DELETE)/.test(sql) && !mayScan.some(it => it.test(sql)))
    .filter(sql => plan(sql).some(step => step.startsWith('SCAN') && step !== 'SCAN CONSTANT ROW'))
  expect(scanning).toEqual([])
})

test('the lists in order of time read an index in that order and sort nothing', () => {
  const lists = statements.filter(sql =>
    /ORDER BY (s\.created_at|g\.created_at|l\.at|created_at, epoch|sc\.sid|min\()/.test(sql)
  )
  expect(lists.length).toBeGreaterThanOrEqual(7)
  const sorting = lists.filter(
    sql => !sql.includes('s.sub = ?3') && plan(sql).some(it => it.includes('TEMP B-TREE'))
  )
  expect(sorting).toEqual([])
})

test.each([
  ['a session by its cookie', /WHERE s.cookie_hash = \?2/, ['s USING INDEX']],
  ['a session by the sid of a client', /sc.sid = \?3/, ['INDEX session_clients_sid']],
  ['the live sessions of a user', /s.sub = \?3 AND \(s.ended_at/, ['s USING INDEX sessions_of_user']],
  [
    'a token with what decides about it',
    /FROM tokens t CROSS JOIN system/,
    ['t USING PRIMARY KEY', 'g USING PRIMARY KEY']
  ],
  [
    'what is dead in a part of a status list',
    /t.status_index >= \?3/,
    ['t USING INDEX tokens_of_status_list (status_list=? AND status_index>? AND status_index<?)']
  ],
  [
    'the grant of a session',
    /g.bound = \?5/,
    ['g USING INDEX grants_of_session (session_uid=? AND client_id=? AND bound=?)']
  ],
  [
    'the sessions of a user for a job',
    /sub = \?1 AND user_epoch < \?2/,
    ['INDEX sessions_of_user (sub=? AND user_epoch<?)']
  ],
  [
    'the grants of a client for a job',
    /g.client_id = \?1 AND g.client_epoch/,
    ['g USING INDEX grants_of_client']
  ],
  [
    'whether a client was told',
    /ifnull\(sub, ''\) = \?/,
    ['INDEX deliveries_once (logout_id=? AND client_id=? AND <expr>=?)']
  ],
  [
    'sessions whose time is up',
    /AS reached FROM sessions/,
    ['s USING INDEX sessions_by_limit (<expr><?)', 'u USING PRIMARY KEY']
  ],
  [
    'the places of a client among RPs, for a job',
    /sc.sid > \?2 ORDER BY sc.sid/,
    ['sc USING INDEX session_clients_sid (client_id=? AND sid>?)']
  ],
  [
    'whether a client has become an RP since',
    /session_clients WHERE client_id = \?1 AND client_epoch/,
    ['INDEX session_clients_of_epoch (client_id=? AND client_epoch=?)']
  ],
  ['the oldest job', /FROM jobs WHERE done_at IS NULL/, ['jobs_open']],
  [
    'the number of RPs of the sessions that a logout ended',
    /WHERE s.ended_by = \? GROUP/,
    ['COVERING INDEX sessions_ended_by (ended_by=?)', 'sc USING PRIMARY KEY']
  ],
  [
    'the number of deliveries of a logout',
    /sum\(state/,
    ['COVERING INDEX deliveries_of_logout (logout_id=?)']
  ],
  [
    'a page of the deliveries of a logout',
    /logout_id = \?1 AND .* client_id . \?2/,
    [
      'COVERING INDEX deliveries_of_logout (logout_id=? AND client_id=? AND id>?)',
      'COVERING INDEX deliveries_of_logout (logout_id=? AND client_id>?)'
    ]
  ],
  [
    'to whom something is owed next',
    /state = 'pending' AND client_id . \?/,
    ['COVERING INDEX deliveries_due (client_id=? AND kind>?)', 'COVERING INDEX deliveries_due (client_id>?)']
  ],
  [
    'the RPs of an ended session to whom nothing is owed',
    /AND NOT EXISTS \( SELECT 1 FROM deliveries d INDEXED/,
    ['sc USING PRIMARY KEY', 'deliveries_once (logout_id=? AND client_id=? AND <expr>=? AND <expr>=?']
  ],
  [
    'what a stream that stands still says of itself',
    /d.kind = 'stream_notice' ORDER BY d.seq/,
    ['d USING INDEX deliveries_stream_notices (stream_id=?)']
  ],
  [
    'the sids by which a client knows a user',
    /s.sub = \?3 AND s.ended_at IS NULL AND sc.client_id/,
    ['INDEX sessions_of_user (sub=?)', 'sc USING PRIMARY KEY (session_uid=? AND client_id=?)']
  ]
])('%s is found straight', (_, pattern, steps) => {
  const found = statements.filter(sql => pattern.test(sql))
  expect(found.length).toBeGreaterThan(0)
  const plans = found.map(sql => plan(sql).join('\n'))
  for (const step of steps) expect(plans).toContainEqual(expect.stringContaining(step))
})

function plan(sql: string): string[] {
  return db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all(...(Array(parameters(sql)).fill(1) as number[]))
    .map(row => String(row.detail))
}

function parameters(sql: string): number {
  const numbered = [...sql.matchAll(/\?(\d+)/g)].map(([, number]) => Number(number))
  return numbered.length > 0 ? Math.max(...numbered) : (sql.match(/\?/g) ?? []).length
}
