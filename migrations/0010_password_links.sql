-- +goose Up
-- Whoever holds the link of a password reset can sign in as its person, in all
-- their clubs. So the link remembers who made it, and for a member of which
-- club: what allowed it is asked again when it is used. It goes with either
-- membership. Links from before, which are thirty minutes old at most, do not
-- say who made them and are void.
DROP TABLE password_resets;
CREATE TABLE password_resets (
  token_hash BLOB PRIMARY KEY,
  person_id  INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  club_id    INTEGER, -- NULL, and made_by too: from the console
  made_by    INTEGER,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER,
  FOREIGN KEY (club_id, person_id) REFERENCES members (club_id, person_id) ON DELETE CASCADE,
  FOREIGN KEY (club_id, made_by) REFERENCES members (club_id, person_id) ON DELETE CASCADE,
  CHECK ((club_id IS NULL) = (made_by IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX password_resets_person ON password_resets (person_id);
CREATE INDEX password_resets_club ON password_resets (club_id);
CREATE INDEX password_resets_maker ON password_resets (made_by);
CREATE INDEX password_resets_expiry ON password_resets (expires_at);
