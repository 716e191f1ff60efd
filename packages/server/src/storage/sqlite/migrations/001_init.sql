-- Instants are UTC seconds. Hashes are SHA-256 in base64url. JSON is text.

CREATE TABLE system (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  epoch INTEGER NOT NULL DEFAULT 0,
  pings INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO system (id) VALUES (1);

CREATE TABLE users (
  sub TEXT PRIMARY KEY,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  claims TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'active',
  epoch INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE clients (
  client_id TEXT PRIMARY KEY,
  source TEXT NOT NULL,
  metadata TEXT NOT NULL,
  backchannel_logout_uri TEXT,
  enabled INTEGER NOT NULL DEFAULT 1,
  epoch INTEGER NOT NULL DEFAULT 0,
  version INTEGER NOT NULL DEFAULT 1,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
  uid TEXT PRIMARY KEY,
  cookie_hash TEXT NOT NULL UNIQUE,
  sub TEXT NOT NULL,
  remembered INTEGER NOT NULL,
  login_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  last_active_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  ends_at INTEGER NOT NULL,
  user_epoch INTEGER NOT NULL,
  system_epoch INTEGER NOT NULL,
  ended_at INTEGER,
  ended_by TEXT,
  user_agent TEXT,
  ip TEXT,
  payload TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- Holds only what has not ended, so a whole-system logout finds what is left of its work here too.
CREATE INDEX sessions_of_user ON sessions (sub, user_epoch, system_epoch) WHERE ended_at IS NULL;
CREATE INDEX sessions_ended_by ON sessions (ended_by) WHERE ended_by IS NOT NULL;
CREATE INDEX sessions_by_age ON sessions (created_at, uid);

-- The RPs of a session are rows, so that two tabs cannot overwrite each other.
CREATE TABLE session_clients (
  session_uid TEXT NOT NULL,
  client_id TEXT NOT NULL,
  sid TEXT NOT NULL,
  joined_at INTEGER NOT NULL,
  PRIMARY KEY (session_uid, client_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX session_clients_sid ON session_clients (client_id, sid);

CREATE TABLE grants (
  id TEXT PRIMARY KEY,
  sub TEXT NOT NULL,
  client_id TEXT NOT NULL,
  session_uid TEXT,
  bound INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  user_epoch INTEGER NOT NULL,
  client_epoch INTEGER NOT NULL,
  system_epoch INTEGER NOT NULL,
  revoked_at INTEGER,
  revoked_by TEXT,
  payload TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX grants_of_user ON grants (sub, client_id);
CREATE INDEX grants_of_client ON grants (client_id, client_epoch, system_epoch) WHERE revoked_at IS NULL;
-- Not partial: revoking a grant would then have to write here too.
CREATE INDEX grants_of_session ON grants (session_uid, client_id, bound);
CREATE INDEX grants_by_age ON grants (created_at, id);

-- Which clients have come to know which users. Outlives the grants.
CREATE TABLE user_clients (
  sub TEXT NOT NULL,
  client_id TEXT NOT NULL,
  first_at INTEGER NOT NULL,
  PRIMARY KEY (sub, client_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  hash TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  client_id TEXT,
  grant_id TEXT,
  session_uid TEXT,
  sid TEXT,
  sub TEXT,
  scope TEXT,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  client_epoch INTEGER NOT NULL,
  system_epoch INTEGER NOT NULL,
  consumed_at INTEGER,
  consumed_again INTEGER NOT NULL DEFAULT 0,
  revoked_at INTEGER,
  revoked_by TEXT,
  payload TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tokens_expiry ON tokens (expires_at);
CREATE INDEX tokens_of_server ON tokens (client_id, client_epoch) WHERE grant_id IS NULL;
CREATE INDEX tokens_of_grant ON tokens (grant_id) WHERE grant_id IS NOT NULL;

CREATE TABLE records (
  kind TEXT NOT NULL,
  hash TEXT NOT NULL,
  session_uid TEXT,
  expires_at INTEGER NOT NULL,
  payload TEXT NOT NULL,
  PRIMARY KEY (kind, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX records_expiry ON records (expires_at);

-- Consent outlives every logout.
CREATE TABLE consents (
  sub TEXT NOT NULL,
  client_id TEXT NOT NULL,
  scopes TEXT NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (sub, client_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE logouts (
  id TEXT PRIMARY KEY,
  cause TEXT NOT NULL,
  sub TEXT,
  client_id TEXT,
  at INTEGER NOT NULL,
  sessions_ended INTEGER NOT NULL,
  grants_revoked INTEGER NOT NULL,
  tokens_revoked INTEGER NOT NULL,
  -- What it ended was several rows of one user, none of which names it for all.
  spread INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX logouts_spread ON logouts (sub, cause, at) WHERE spread = 1;
CREATE INDEX logouts_by_age ON logouts (at, id);

CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  logout_id TEXT NOT NULL,
  client_id TEXT NOT NULL,
  sid TEXT,
  sub TEXT,
  address TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT 'pending',
  attempts INTEGER NOT NULL DEFAULT 0,
  next_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX deliveries_once ON deliveries (logout_id, client_id, ifnull(sub, ''), ifnull(sid, ''));
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE state = 'pending';

-- One row per whole-user, whole-client or whole-system logout, until all it ended has been written down.
CREATE TABLE jobs (
  logout_id TEXT PRIMARY KEY,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  epoch INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  done_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_of_subject ON jobs (kind, subject, epoch);
CREATE INDEX jobs_open ON jobs (created_at, epoch, logout_id) WHERE done_at IS NULL;

CREATE TABLE audit (
  id INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  event TEXT NOT NULL,
  sub TEXT,
  client_id TEXT,
  logout_id TEXT,
  ip TEXT,
  request_id TEXT,
  detail TEXT
) STRICT;

CREATE TABLE signing_keys (
  kid TEXT PRIMARY KEY,
  alg TEXT NOT NULL,
  sealed_jwk TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  signs_from INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE secrets (
  name TEXT PRIMARY KEY,
  sealed TEXT NOT NULL
) STRICT, WITHOUT ROWID;
