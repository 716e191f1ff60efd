-- A stream that stands still may hold a million events, and its receiver asks twice a second what it says of itself.
CREATE INDEX deliveries_stream_notices ON deliveries (stream_id, seq)
  WHERE kind = 'stream_notice' AND state = 'waiting';
