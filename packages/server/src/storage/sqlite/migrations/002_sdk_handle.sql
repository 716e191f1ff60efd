-- The hash of the handle by which pages may ask about a session. A session from before has none until it is next saved.
ALTER TABLE sessions ADD COLUMN handle_hash TEXT;
CREATE UNIQUE INDEX sessions_by_handle ON sessions (handle_hash) WHERE handle_hash IS NOT NULL;
