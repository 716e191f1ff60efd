-- Moves when what was proven about a user before is to count no more, though sessions go on: the password has changed.
ALTER TABLE users ADD COLUMN proofs INTEGER NOT NULL DEFAULT 0;

-- Sessions whose limits have passed, to be ended.
CREATE INDEX sessions_by_limit ON sessions (min(expires_at, ends_at)) WHERE ended_at IS NULL;

-- The client's epoch when it became an RP of the session: a logout of the whole client tells those from before it.
ALTER TABLE session_clients ADD COLUMN client_epoch INTEGER NOT NULL DEFAULT 0;
CREATE INDEX session_clients_of_epoch ON session_clients (client_id, client_epoch);
-- How far the job of such a logout got: the last sid.
ALTER TABLE jobs ADD COLUMN told_up_to TEXT NOT NULL DEFAULT '';
