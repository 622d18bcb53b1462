-- +goose Up
-- A post may have parts: the further posts of a thread, or a first comment. Each part
-- is a delivery of its own, and a part waits for the one before it: one more phase in
-- the CHECK of deliveries, which SQLite changes only by making the table anew. The
-- program switches foreign keys off for the time of its migrations, and checks them
-- before it goes on.
CREATE TABLE deliveries_new (
  id              BLOB PRIMARY KEY, -- 16 random bytes
  club_id         INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  post_id         INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  connection_id   INTEGER NOT NULL REFERENCES connections (id),
  part            INTEGER NOT NULL DEFAULT 0 CHECK (part >= 0), -- 0: the post; each other part follows the one before it
  status          TEXT NOT NULL,
  phase           TEXT NOT NULL DEFAULT '',
  code            TEXT NOT NULL DEFAULT '', -- message for people: platforms.Code…
  args            TEXT NOT NULL DEFAULT '{}', -- its placeholders, JSON
  due_at          INTEGER,
  late_after      INTEGER,
  next_at         INTEGER, -- when the engine looks at it again; NULL: not by itself
  version         INTEGER NOT NULL DEFAULT 1,
  body            BLOB, -- platforms.Publication as JSON, frozen when it starts
  body_hash       BLOB,
  content_hash    BLOB, -- revisions.hash it was scheduled with
  idem_key        TEXT NOT NULL DEFAULT '',
  generation      INTEGER NOT NULL DEFAULT 1,
  started_at      INTEGER,
  remote_id       TEXT,
  remote_url      TEXT NOT NULL DEFAULT '',
  remote_version  TEXT NOT NULL DEFAULT '', -- what a reply needs besides the id, where the platform wants it
  published_at    INTEGER,
  tries_transient INTEGER NOT NULL DEFAULT 0,
  tries_ambiguous INTEGER NOT NULL DEFAULT 0,
  rate_waits      INTEGER NOT NULL DEFAULT 0,
  renewals        INTEGER NOT NULL DEFAULT 0, -- 401s answered with a new token, this generation
  remakes         INTEGER NOT NULL DEFAULT 0, -- containers made again, this generation
  waits           INTEGER NOT NULL DEFAULT 0, -- looks that found the platform still working
  waits_since     INTEGER,
  tried_at        INTEGER, -- first irreversible attempt of this generation that may have arrived
  unknowns        INTEGER NOT NULL DEFAULT 0, -- attempts whose outcome was lost
  has_left        INTEGER NOT NULL DEFAULT 0 CHECK (has_left IN (0, 1)), -- any of this generation left this machine
  unknown_since   INTEGER,
  tries_since     INTEGER, -- first of tries_transient
  seen            TEXT NOT NULL DEFAULT '', -- platforms.Verdict of the last good look
  looks           INTEGER NOT NULL DEFAULT 0, -- good looks in a row that saw the same
  looks_since     INTEGER, -- the first of them
  -- A person said that it is not there: look once more before sending again.
  look_first      INTEGER NOT NULL DEFAULT 0 CHECK (look_first IN (0, 1)),
  -- That a post which cannot be found was sent once more without asking: never twice.
  sent_again      INTEGER NOT NULL DEFAULT 0 CHECK (sent_again IN (0, 1)),
  UNIQUE (post_id, connection_id, part),
  CHECK (
    (status IN ('DRAFT', 'CANCELLED') AND phase = '')
    OR (status = 'SCHEDULED' AND phase IN ('waiting', 'blocked', 'after_part'))
    OR (status = 'PUBLISHING' AND phase IN ('preparing', 'processing', 'ready', 'sending', 'reconciling', 'backoff'))
    OR (status = 'PUBLISHED' AND phase IN ('linked', 'unlinked'))
    OR (status = 'FAILED' AND phase IN ('rejected', 'exhausted', 'media', 'cancelled_by_platform'))
    OR (status = 'NEEDS_ATTENTION' AND phase IN ('ambiguous', 'late', 'held', 'restored', 'clone', 'clock', 'reconnect', 'duplicate_suspect', 'partial', 'handed_over'))
  ),
  CHECK (status IN ('DRAFT', 'CANCELLED') OR due_at IS NOT NULL),
  CHECK (phase <> 'linked' OR remote_id IS NOT NULL),
  CHECK (phase <> 'after_part' OR part > 0)
) STRICT, WITHOUT ROWID;
INSERT INTO deliveries_new (
  id, club_id, post_id, connection_id, status, phase, code, args, due_at, late_after, next_at, version, body,
  body_hash, content_hash, idem_key, generation, started_at, remote_id, remote_url, published_at,
  tries_transient, tries_ambiguous, rate_waits, renewals, remakes, waits, waits_since, tried_at, unknowns,
  has_left, unknown_since, tries_since, seen, looks, looks_since, look_first, sent_again
)
SELECT
  id, club_id, post_id, connection_id, status, phase, code, args, due_at, late_after, next_at, version, body,
  body_hash, content_hash, idem_key, generation, started_at, remote_id, remote_url, published_at,
  tries_transient, tries_ambiguous, rate_waits, renewals, remakes, waits, waits_since, tried_at, unknowns,
  has_left, unknown_since, tries_since, seen, looks, looks_since, look_first, sent_again
FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_new RENAME TO deliveries;
-- The calendar reads the states of all deliveries of a month from this alone.
CREATE INDEX deliveries_of ON deliveries (post_id, connection_id, part, status, phase);
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_connection ON deliveries (connection_id, status, due_at);
CREATE INDEX deliveries_attention ON deliveries (club_id, status) WHERE status IN ('FAILED', 'NEEDS_ATTENTION');
CREATE INDEX deliveries_put_aside ON deliveries (club_id, phase)
  WHERE phase IN ('held', 'restored', 'clone', 'clock', 'late', 'reconnect', 'ambiguous', 'reconciling', 'partial');
CREATE INDEX deliveries_ahead ON deliveries (club_id, status) WHERE status IN ('SCHEDULED', 'PUBLISHING');
CREATE INDEX deliveries_published ON deliveries (club_id, published_at) WHERE published_at IS NOT NULL;
CREATE UNIQUE INDEX deliveries_remote ON deliveries (connection_id, remote_id) WHERE remote_id IS NOT NULL;

-- +goose StatementBegin
CREATE TRIGGER deliveries_remote_id_once BEFORE UPDATE OF remote_id ON deliveries
WHEN OLD.remote_id IS NOT NULL AND NEW.remote_id IS NOT OLD.remote_id
BEGIN
  SELECT RAISE(ABORT, 'remote_id is written once');
END;
-- +goose StatementEnd
