-- Whether some attempt may have been received without our hearing of it.
ALTER TABLE deliveries ADD COLUMN heard_maybe INTEGER NOT NULL DEFAULT 0;

-- What each attempt came to.
CREATE TABLE delivery_attempts (
  delivery_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- HTTP status of the answer; none where there was no answer.
  status INTEGER,
  problem TEXT,
  milliseconds INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_attempts_of ON delivery_attempts (delivery_id, at);

-- By application first, so that one that is dead never stands in the way of the others.
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (client_id, next_at) WHERE state = 'pending';
