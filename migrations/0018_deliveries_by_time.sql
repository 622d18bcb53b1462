-- +goose Up
-- With the due time in it, the posts that an account has planned near a time are
-- found without reading all that the club has planned.
DROP INDEX deliveries_connection;
CREATE INDEX deliveries_connection ON deliveries (connection_id, status, due_at);
