-- Where an application that speaks none of the standards is told.
ALTER TABLE clients ADD COLUMN webhook_uri TEXT;

-- One stream of security events for each receiver.
CREATE TABLE streams (
  id TEXT PRIMARY KEY,
  client_id TEXT NOT NULL UNIQUE,
  -- push or poll.
  method TEXT NOT NULL,
  endpoint_url TEXT,
  sealed_header TEXT,
  -- As the receiver asked, JSON; none where it did not say.
  events_requested TEXT,
  description TEXT,
  -- Whether it gets the ends of sessions.
  hears_ends INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'enabled',
  reason TEXT,
  created_at INTEGER NOT NULL,
  verified_at INTEGER
) STRICT, WITHOUT ROWID;

-- Users of whom a receiver wants to hear no more.
CREATE TABLE stream_removals (
  stream_id TEXT NOT NULL,
  sub TEXT NOT NULL,
  PRIMARY KEY (stream_id, sub)
) STRICT, WITHOUT ROWID;

-- In which order a stream owes its events.
ALTER TABLE deliveries ADD COLUMN seq INTEGER;
CREATE INDEX deliveries_of_stream ON deliveries (stream_id, state, seq) WHERE stream_id IS NOT NULL;
CREATE INDEX deliveries_in_order ON deliveries (stream_id, seq) WHERE stream_id IS NOT NULL;
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (client_id, kind, next_at, seq) WHERE state = 'pending';
-- What streams say of themselves belongs to no logout, and is swept by its age.
CREATE INDEX deliveries_of_no_logout ON deliveries (created_at) WHERE event IS NOT NULL;
