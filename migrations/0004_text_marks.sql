-- +goose Up
-- What a planned or public post says on one account: a digest of its text that
-- overlooks case and spacing (club.TextMark). It finds the same text again.
CREATE TABLE text_marks (
  connection_id INTEGER NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  mark          BLOB NOT NULL,
  post_id       INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  PRIMARY KEY (connection_id, mark, post_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX text_marks_of ON text_marks (post_id);
