-- +goose Up
-- What platforms last said of the limits that all accounts of a platform app share, one
-- row a window and platform. NULL is the app of the installation, which every club uses
-- that has entered none of its own.
CREATE TABLE app_limits (
  club_id   INTEGER REFERENCES clubs (id) ON DELETE CASCADE,
  practice  INTEGER NOT NULL CHECK (practice IN (0, 1)),
  slot      TEXT NOT NULL,
  platform  TEXT NOT NULL,
  name      TEXT NOT NULL,
  unit      TEXT NOT NULL,
  span      TEXT NOT NULL,
  max       INTEGER NOT NULL, -- 0: the platform does not say
  remaining INTEGER NOT NULL,
  ends_at   INTEGER, -- NULL: the platform does not say
  seen_at   INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX app_limits_of ON app_limits (platform, practice, coalesce(club_id, 0), name);
CREATE INDEX connections_platform ON connections (platform, practice); -- who rests with whom
CREATE INDEX app_limits_club ON app_limits (club_id) WHERE club_id IS NOT NULL;
