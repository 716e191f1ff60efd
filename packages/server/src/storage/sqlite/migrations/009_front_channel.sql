-- Applications that a page asked to sign the person out, in the browser of a logout. Nothing confirms it.
CREATE TABLE front_channel (
  logout_id TEXT NOT NULL REFERENCES logouts (id) ON DELETE CASCADE,
  client_id TEXT NOT NULL,
  sid TEXT NOT NULL,
  -- The first time.
  at INTEGER NOT NULL,
  PRIMARY KEY (logout_id, client_id, sid)
) STRICT, WITHOUT ROWID;
