-- The deliveries of a logout, in a fixed order and with their states, so that a receipt is counted and paged without
-- reading them.
CREATE INDEX deliveries_of_logout ON deliveries (logout_id, client_id, id, kind, state, (sid IS NOT NULL));
