-- +goose Up
-- Where a platform is many servers, an id names an account of one of them only: so the
-- server belongs to what an account is known by. Empty where ids are unique everywhere.
ALTER TABLE connections ADD COLUMN server TEXT NOT NULL DEFAULT '';
DROP INDEX connections_account;
CREATE UNIQUE INDEX connections_account ON connections (club_id, platform, practice, server, remote_id);
-- What the last check learned of the account and its rules depend on: JSON of the
-- platform, platforms.Account.Facts. NULL: nothing is known.
ALTER TABLE connections ADD COLUMN facts TEXT CHECK (json_valid(facts));
