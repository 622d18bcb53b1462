-- +goose Up
-- What is to be done for an account besides publishing, and when: addresses to
-- ask for, numbers to read, sign-ins to check and to renew. A row is written in
-- the transaction that makes it necessary. None of it can touch a delivery (rule P10).
CREATE TABLE work (
  kind          TEXT NOT NULL,
  key           TEXT NOT NULL, -- what it is about: the id of a delivery in hex, or of a connection
  club_id       INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  connection_id INTEGER NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  next_at       INTEGER NOT NULL,
  failures      INTEGER NOT NULL DEFAULT 0, -- in a row
  args          TEXT NOT NULL DEFAULT '{}', -- what its kind needs besides the key, JSON
  UNIQUE (kind, key)
) STRICT;
CREATE INDEX work_due ON work (next_at);
CREATE INDEX work_of ON work (connection_id, next_at);
CREATE INDEX work_club ON work (club_id);

INSERT INTO work (kind, key, club_id, connection_id, next_at, failures)
SELECT 'link', lower(hex(l.delivery_id)), c.club_id, c.id, l.next_at, l.failures
FROM links_due l JOIN connections c ON c.id = l.connection_id;

INSERT INTO work (kind, key, club_id, connection_id, next_at, failures)
SELECT 'numbers', lower(hex(m.delivery_id)), c.club_id, c.id, m.next_at, m.failures
FROM measurements_due m JOIN connections c ON c.id = m.connection_id;

INSERT INTO work (kind, key, club_id, connection_id, next_at)
SELECT 'account_numbers', CAST(id AS TEXT), club_id, id, numbers_at
FROM connections WHERE health <> 'disconnected' AND numbers_at < 9223372036854775807;

INSERT INTO work (kind, key, club_id, connection_id, next_at)
SELECT 'check', CAST(id AS TEXT), club_id, id, coalesce(checked_at, 0) + 86400000
FROM connections WHERE health <> 'disconnected';

-- When a sign-in is renewed depends on its platform: the first run plans it.
INSERT INTO work (kind, key, club_id, connection_id, next_at)
SELECT 'renewal', CAST(id AS TEXT), club_id, id, 0
FROM connections WHERE health <> 'disconnected';

DROP TABLE links_due;
DROP TABLE measurements_due;
DROP INDEX connections_numbers;
DROP INDEX connections_checked;
DROP INDEX connections_renewal;
ALTER TABLE connections DROP COLUMN numbers_at;
