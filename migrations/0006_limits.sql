-- +goose Up
-- What platforms last said of their limits for an account, one row a window.
CREATE TABLE connection_limits (
  connection_id INTEGER NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  name          TEXT NOT NULL,
  unit          TEXT NOT NULL,
  span          TEXT NOT NULL,
  max           INTEGER NOT NULL, -- 0: the platform does not say
  remaining     INTEGER NOT NULL,
  ends_at       INTEGER, -- NULL: the platform does not say
  seen_at       INTEGER NOT NULL,
  PRIMARY KEY (connection_id, name)
) STRICT, WITHOUT ROWID;
