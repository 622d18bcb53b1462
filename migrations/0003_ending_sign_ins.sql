-- +goose Up
-- Some platforms want the person herself to come back by a date, however their
-- tokens live; NULL: no such date is known.
ALTER TABLE connections ADD COLUMN asks_again INTEGER;
-- The last warning that the sign-in ends: its end and the days left then.
ALTER TABLE connections ADD COLUMN warned TEXT NOT NULL DEFAULT '';
CREATE INDEX connections_ending ON connections (platform) WHERE health IN ('working', 'gaps');
