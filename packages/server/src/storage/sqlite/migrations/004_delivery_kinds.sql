-- How an application hears what it is owed: one delivery for each of its ways.
ALTER TABLE deliveries ADD COLUMN kind TEXT NOT NULL DEFAULT 'back_channel';
-- For security events: the stream whose it is, and what it says where that is not the end of a session, as JSON.
ALTER TABLE deliveries ADD COLUMN stream_id TEXT;
ALTER TABLE deliveries ADD COLUMN event TEXT;

DROP INDEX deliveries_once;
CREATE UNIQUE INDEX deliveries_once ON deliveries (logout_id, client_id, ifnull(sub, ''), ifnull(sid, ''), kind);
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (client_id, kind, next_at) WHERE state = 'pending';
