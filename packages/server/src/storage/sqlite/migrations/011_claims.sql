-- Until when somebody has a delivery in hand. Apart from when it is due, so that a claim touches no index.
ALTER TABLE deliveries ADD COLUMN claimed_until INTEGER NOT NULL DEFAULT 0;
