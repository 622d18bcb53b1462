-- +goose Up
-- Several accounts can hang on one sign-in of a person at a platform: what it is
-- called (platforms.Account.SignIn), empty where each account has its own.
ALTER TABLE connections ADD COLUMN sign_in TEXT NOT NULL DEFAULT '';
CREATE INDEX connections_sign_in ON connections (sign_in) WHERE sign_in <> '';
