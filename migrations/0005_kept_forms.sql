-- +goose Up
-- Text that arrived without a sign-in, put aside until the same person is signed
-- in again (ux.md 4.7). The reference is known to their browser alone.
CREATE TABLE kept_forms (
  ref_hash   BLOB PRIMARY KEY,
  club_id    INTEGER NOT NULL,
  person_id  INTEGER NOT NULL,
  fields     BLOB NOT NULL, -- url-encoded, sealed
  expires_at INTEGER NOT NULL,
  FOREIGN KEY (club_id, person_id) REFERENCES members (club_id, person_id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX kept_forms_person ON kept_forms (person_id, expires_at);
CREATE INDEX kept_forms_member ON kept_forms (club_id, person_id);
CREATE INDEX kept_forms_expiry ON kept_forms (expires_at);
