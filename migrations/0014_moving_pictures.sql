-- +goose Up
-- The file that was uploaded has more than one picture (GIF, APNG). What is kept
-- and sent of it is the first one, and people are told so.
ALTER TABLE media ADD COLUMN moving INTEGER NOT NULL DEFAULT 0 CHECK (moving IN (0, 1));
