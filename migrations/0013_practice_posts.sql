-- +goose Up
-- Practice posts are put away once a club is live. They are counted and listed
-- from here, so that years of real posts need not be gone through for it.
CREATE INDEX posts_practice ON posts (club_id, updated_at) WHERE practice = 1 AND deleted_at IS NULL;
