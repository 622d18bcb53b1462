-- +goose Up
-- People allow that a post of this account which cannot be found is sent once
-- more without asking (reliability.md 2.5, class C).
ALTER TABLE connections ADD COLUMN sends_again INTEGER NOT NULL DEFAULT 0 CHECK (sends_again IN (0, 1));
-- That was done for this delivery: never twice.
ALTER TABLE deliveries ADD COLUMN sent_again INTEGER NOT NULL DEFAULT 0 CHECK (sent_again IN (0, 1));
