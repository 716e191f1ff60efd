-- Lists with one place for each JWT access token. Nothing is written here when a token dies: what a place says is made
-- from the rows that decide about its token.
CREATE TABLE status_lists (
  number INTEGER PRIMARY KEY,
  -- Puts the places, which are given out in turn, in an order that nobody can foresee.
  scatter_key TEXT NOT NULL,
  given INTEGER NOT NULL,
  -- When the last of its tokens expires.
  expires_at INTEGER NOT NULL
) STRICT;

ALTER TABLE tokens ADD COLUMN status_list INTEGER;
ALTER TABLE tokens ADD COLUMN status_index INTEGER;
CREATE UNIQUE INDEX tokens_of_status_list ON tokens (status_list, status_index) WHERE status_list IS NOT NULL;
