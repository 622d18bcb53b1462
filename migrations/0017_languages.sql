-- +goose Up
-- The language that the posts of a club are written in, as a BCP 47 tag:
-- platforms that ask for it are told.
ALTER TABLE clubs ADD COLUMN language TEXT NOT NULL DEFAULT 'en';
