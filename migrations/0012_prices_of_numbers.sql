-- +goose Up
-- How often numbers are read, where the platform charges for each reading: as
-- often as is useful, once a week, or when people ask.
ALTER TABLE connections ADD COLUMN numbers_pace TEXT NOT NULL DEFAULT 'useful' CHECK (numbers_pace IN ('useful', 'weekly', 'asked'));
