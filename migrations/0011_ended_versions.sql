-- +goose Up
-- The version of the platform's interface that was refused, while the account is
-- paused for that: with another one it goes on.
ALTER TABLE connections ADD COLUMN refused_version TEXT NOT NULL DEFAULT '';
CREATE INDEX connections_paused ON connections (platform) WHERE health = 'paused';

-- Paused accounts are looked at as well: the platform may have changed its mind.
DROP INDEX connections_checked;
CREATE INDEX connections_checked ON connections (coalesce(checked_at, 0)) WHERE health IN ('working', 'gaps', 'paused');
