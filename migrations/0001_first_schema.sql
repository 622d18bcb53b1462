-- +goose Up
-- Times are UTC milliseconds. Wall times are text (2026-11-24T18:30) beside an
-- IANA zone. Everything but installation and people belongs to one club.

CREATE TABLE installation (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE people (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  email         TEXT NOT NULL COLLATE NOCASE UNIQUE,
  name          TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  -- Sessions that began before this are over (password or role change, removal).
  sessions_from INTEGER NOT NULL,
  theme         TEXT NOT NULL DEFAULT '' CHECK (theme IN ('', 'light', 'dark')),
  shortcuts     INTEGER NOT NULL DEFAULT 1 CHECK (shortcuts IN (0, 1)),
  created_at    INTEGER NOT NULL
) STRICT;

CREATE TABLE clubs (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  name         TEXT NOT NULL,
  zone         TEXT NOT NULL,
  week_start   INTEGER NOT NULL DEFAULT 1 CHECK (week_start BETWEEN 0 AND 6), -- 0 Sunday
  practice     INTEGER NOT NULL DEFAULT 1 CHECK (practice IN (0, 1)),
  late_minutes INTEGER NOT NULL DEFAULT 120 CHECK (late_minutes BETWEEN 0 AND 1440),
  -- Bumped by every change a page of the club could show; part of the ETag.
  changes      INTEGER NOT NULL DEFAULT 1,
  created_at   INTEGER NOT NULL
) STRICT;

CREATE TABLE members (
  club_id   INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  role      TEXT NOT NULL CHECK (role IN ('admin', 'publisher', 'writer', 'viewer')),
  joined_at INTEGER NOT NULL,
  seen_at   INTEGER,
  -- What the next new post begins with: ids of ticked connections, JSON array.
  last_accounts TEXT NOT NULL DEFAULT '[]',
  PRIMARY KEY (club_id, person_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_person ON members (person_id);

CREATE TABLE invitations (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  club_id    INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  token_hash BLOB NOT NULL UNIQUE,
  email      TEXT NOT NULL COLLATE NOCASE,
  role       TEXT NOT NULL CHECK (role IN ('admin', 'publisher', 'writer', 'viewer')),
  created_by INTEGER NOT NULL REFERENCES people (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER
) STRICT;
CREATE INDEX invitations_club ON invitations (club_id, created_at);
CREATE INDEX invitations_expiry ON invitations (expires_at);

CREATE TABLE password_resets (
  token_hash BLOB PRIMARY KEY,
  person_id  INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  expires_at INTEGER NOT NULL,
  used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX password_resets_person ON password_resets (person_id);
CREATE INDEX password_resets_expiry ON password_resets (expires_at);

-- Rows of scs; tokens are hashed by it.
CREATE TABLE sessions (
  token  TEXT PRIMARY KEY,
  data   BLOB NOT NULL,
  expiry REAL NOT NULL
) STRICT;
CREATE INDEX sessions_expiry ON sessions (expiry);

-- Credentials of platform apps, one row a field, sealed.
CREATE TABLE app_credentials (
  club_id    INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  slot       TEXT NOT NULL,
  key        TEXT NOT NULL,
  value      BLOB NOT NULL,
  updated_by INTEGER NOT NULL REFERENCES people (id),
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (club_id, slot, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE connections (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  club_id         INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  platform        TEXT NOT NULL,
  practice        INTEGER NOT NULL CHECK (practice IN (0, 1)),
  remote_id       TEXT NOT NULL,
  name            TEXT NOT NULL,
  handle          TEXT NOT NULL DEFAULT '',
  host            TEXT NOT NULL DEFAULT '',
  kind            TEXT NOT NULL DEFAULT '',
  granted         TEXT NOT NULL DEFAULT '[]', -- JSON array of features
  missing         TEXT NOT NULL DEFAULT '[]', -- JSON array of {feature, permission}
  health          TEXT NOT NULL CHECK (health IN ('working', 'gaps', 'reconnect', 'paused', 'disconnected')),
  health_code     TEXT NOT NULL DEFAULT '',
  connected_by    INTEGER NOT NULL REFERENCES people (id),
  connected_at    INTEGER NOT NULL,
  checked_at      INTEGER,
  access_expires  INTEGER,
  refresh_expires INTEGER,
  blocked_until   INTEGER NOT NULL DEFAULT 0, -- no call before this (rule P13)
  last_sent_at    INTEGER NOT NULL DEFAULT 0, -- spacing of late posts (rule P14)
  numbers_at      INTEGER NOT NULL DEFAULT 0, -- when the account's own numbers are due next
  version         INTEGER NOT NULL DEFAULT 1
) STRICT;
CREATE UNIQUE INDEX connections_account ON connections (club_id, platform, practice, remote_id);
CREATE INDEX connections_renewal ON connections (access_expires) WHERE health IN ('working', 'gaps');
CREATE INDEX connections_numbers ON connections (numbers_at) WHERE health IN ('working', 'gaps');
CREATE INDEX connections_checked ON connections (coalesce(checked_at, 0)) WHERE health IN ('working', 'gaps');

-- Access and refresh tokens lie apart: publishing has no query that could read
-- a refresh token.
CREATE TABLE connection_tokens (
  connection_id INTEGER PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
  access        BLOB NOT NULL,
  version       INTEGER NOT NULL, -- +1 with every new pair
  issued_at     INTEGER NOT NULL
) STRICT;
CREATE TABLE connection_refresh_tokens (
  connection_id INTEGER PRIMARY KEY REFERENCES connections (id) ON DELETE CASCADE,
  refresh       BLOB NOT NULL,
  -- A renewal that began and has not ended: for which version, by which process, when.
  started_version INTEGER,
  started_boot    TEXT,
  started_at      INTEGER,
  failures        INTEGER NOT NULL DEFAULT 0,
  next_at         INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE connection_checks (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  connection_id INTEGER NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  at            INTEGER NOT NULL,
  health        TEXT NOT NULL,
  code          TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX connection_checks_of ON connection_checks (connection_id, at);

-- A sign-in at a platform that has begun (rule A1) …
CREATE TABLE oauth_states (
  state_hash    BLOB PRIMARY KEY,
  session_hash  BLOB NOT NULL,
  club_id       INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  person_id     INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  platform      TEXT NOT NULL,
  practice      INTEGER NOT NULL,
  verifier      BLOB NOT NULL, -- sealed
  connection_id INTEGER REFERENCES connections (id) ON DELETE CASCADE, -- reconnecting this one
  return_to     TEXT NOT NULL DEFAULT '',
  expires_at    INTEGER NOT NULL,
  used_at       INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_states_expiry ON oauth_states (expires_at);
-- … and the accounts it showed, until the person has picked (rule A3).
CREATE TABLE oauth_choices (
  id         BLOB PRIMARY KEY, -- 16 random bytes
  club_id    INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  person_id  INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  platform   TEXT NOT NULL,
  practice   INTEGER NOT NULL,
  accounts   BLOB NOT NULL, -- JSON with tokens, sealed
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX oauth_choices_expiry ON oauth_choices (expires_at);

CREATE TABLE campaigns (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  club_id    INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  name       TEXT NOT NULL COLLATE NOCASE,
  created_at INTEGER NOT NULL,
  UNIQUE (club_id, name)
) STRICT;

CREATE TABLE media (
  id         BLOB PRIMARY KEY, -- 16 random bytes
  club_id    INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  name       TEXT NOT NULL,
  type       TEXT NOT NULL,
  width      INTEGER NOT NULL,
  height     INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  sha256     BLOB NOT NULL,
  alt        TEXT NOT NULL DEFAULT '',
  created_by INTEGER NOT NULL REFERENCES people (id),
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX media_club ON media (club_id, created_at);

-- Copies made for a need: a thumbnail, or what one account takes.
CREATE TABLE renditions (
  media_id BLOB NOT NULL REFERENCES media (id) ON DELETE CASCADE,
  spec     TEXT NOT NULL, -- as written by media.Spec: type, size, fit
  type     TEXT NOT NULL,
  width    INTEGER NOT NULL,
  height   INTEGER NOT NULL,
  bytes    INTEGER NOT NULL,
  PRIMARY KEY (media_id, spec)
) STRICT, WITHOUT ROWID;

CREATE TABLE posts (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  club_id       INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  author_id     INTEGER NOT NULL REFERENCES people (id),
  campaign_id   INTEGER REFERENCES campaigns (id) ON DELETE SET NULL,
  practice      INTEGER NOT NULL CHECK (practice IN (0, 1)),
  excerpt       TEXT NOT NULL DEFAULT '', -- begin of the text, for lists
  note          TEXT NOT NULL DEFAULT '',
  -- When it is meant to go out; NULL while it has no place on the calendar.
  planned_at    INTEGER,
  planned_local TEXT, -- 2026-11-24T18:30
  planned_zone  TEXT,
  valid_until   INTEGER, -- too late after this, whatever the grace
  op            TEXT, -- key of the form that made it
  version       INTEGER NOT NULL DEFAULT 1,
  created_at    INTEGER NOT NULL,
  updated_at    INTEGER NOT NULL,
  updated_by    INTEGER NOT NULL REFERENCES people (id),
  deleted_at    INTEGER,
  CHECK ((planned_at IS NULL) = (planned_local IS NULL) AND (planned_at IS NULL) = (planned_zone IS NULL))
) STRICT;
CREATE INDEX posts_calendar ON posts (club_id, planned_at) WHERE deleted_at IS NULL AND planned_at IS NOT NULL;
CREATE INDEX posts_tray ON posts (club_id, updated_at) WHERE deleted_at IS NULL AND planned_at IS NULL;
CREATE INDEX posts_list ON posts (club_id, updated_at) WHERE deleted_at IS NULL;
CREATE UNIQUE INDEX posts_op ON posts (club_id, author_id, op) WHERE op IS NOT NULL;

-- What a post says. One live revision, at most one pending one (edits of a
-- scheduled post that are not yet taken over), and earlier ones.
CREATE TABLE revisions (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  post_id    INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  state      TEXT NOT NULL CHECK (state IN ('live', 'pending', 'earlier')),
  content    TEXT NOT NULL, -- club.Content as JSON
  hash       BLOB NOT NULL, -- SHA-256 of content
  created_by INTEGER NOT NULL REFERENCES people (id),
  created_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX revisions_live ON revisions (post_id) WHERE state = 'live';
CREATE UNIQUE INDEX revisions_pending ON revisions (post_id) WHERE state = 'pending';
CREATE INDEX revisions_of ON revisions (post_id, created_at);

CREATE TABLE post_media (
  post_id  INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  media_id BLOB NOT NULL REFERENCES media (id),
  PRIMARY KEY (post_id, position)
) STRICT, WITHOUT ROWID;
CREATE INDEX post_media_of ON post_media (media_id);

-- What a web page says of itself, for link cards.
CREATE TABLE link_cards (
  club_id     INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  url         TEXT NOT NULL,
  state       TEXT NOT NULL CHECK (state IN ('reading', 'ready', 'unreadable')),
  title       TEXT NOT NULL DEFAULT '',
  description TEXT NOT NULL DEFAULT '',
  media_id    BLOB REFERENCES media (id) ON DELETE SET NULL,
  read_at     INTEGER NOT NULL,
  PRIMARY KEY (club_id, url)
) STRICT, WITHOUT ROWID;
CREATE INDEX link_cards_dead ON link_cards (club_id, read_at) WHERE state <> 'ready';
CREATE INDEX link_cards_media ON link_cards (media_id) WHERE media_id IS NOT NULL;

-- One post for one connection: what the engine publishes. Only
-- store.Transition moves a row that is past DRAFT (rule P9).
CREATE TABLE deliveries (
  id              BLOB PRIMARY KEY, -- 16 random bytes
  club_id         INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  post_id         INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  connection_id   INTEGER NOT NULL REFERENCES connections (id),
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
  UNIQUE (post_id, connection_id),
  CHECK (
    (status IN ('DRAFT', 'CANCELLED') AND phase = '')
    OR (status = 'SCHEDULED' AND phase IN ('waiting', 'blocked'))
    OR (status = 'PUBLISHING' AND phase IN ('preparing', 'processing', 'ready', 'sending', 'reconciling', 'backoff'))
    OR (status = 'PUBLISHED' AND phase IN ('linked', 'unlinked'))
    OR (status = 'FAILED' AND phase IN ('rejected', 'exhausted', 'media', 'cancelled_by_platform'))
    OR (status = 'NEEDS_ATTENTION' AND phase IN ('ambiguous', 'late', 'restored', 'clone', 'clock', 'reconnect', 'duplicate_suspect', 'partial'))
  ),
  CHECK (status IN ('DRAFT', 'CANCELLED') OR due_at IS NOT NULL),
  CHECK (phase <> 'linked' OR remote_id IS NOT NULL)
) STRICT, WITHOUT ROWID;
-- The calendar reads the states of all deliveries of a month from this alone.
CREATE INDEX deliveries_of ON deliveries (post_id, connection_id, status);
CREATE INDEX deliveries_due ON deliveries (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_connection ON deliveries (connection_id, status);
CREATE INDEX deliveries_attention ON deliveries (club_id, status) WHERE status IN ('FAILED', 'NEEDS_ATTENTION');
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

CREATE TABLE publish_steps (
  delivery_id BLOB NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
  generation  INTEGER NOT NULL,
  seq         INTEGER NOT NULL,
  kind        TEXT NOT NULL,
  idx         INTEGER NOT NULL DEFAULT 0,
  ref         TEXT NOT NULL DEFAULT '',
  state       TEXT NOT NULL CHECK (state IN ('done', 'working', 'expired', 'failed')),
  void        INTEGER NOT NULL DEFAULT 0 CHECK (void IN (0, 1)), -- given up, kept for the record
  expires_at  INTEGER,
  at          INTEGER NOT NULL,
  PRIMARY KEY (delivery_id, generation, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE publish_attempts (
  id            BLOB PRIMARY KEY, -- 16 random bytes
  delivery_id   BLOB NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
  generation    INTEGER NOT NULL,
  kind          TEXT NOT NULL, -- of the step, or 'settle'
  idx           INTEGER NOT NULL DEFAULT 0,
  irreversible  INTEGER NOT NULL CHECK (irreversible IN (0, 1)),
  boot          TEXT NOT NULL,
  started_at    INTEGER NOT NULL,
  deadline_at   INTEGER NOT NULL,
  finished_at   INTEGER,
  outcome       TEXT CHECK (outcome IN ('accepted', 'rejected', 'not_sent', 'unknown')),
  proof         TEXT NOT NULL DEFAULT '',
  http_status   INTEGER,
  platform_code TEXT NOT NULL DEFAULT '',
  platform_text TEXT NOT NULL DEFAULT '',
  trace_id      TEXT NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX publish_attempts_in_flight ON publish_attempts (delivery_id) WHERE irreversible = 1 AND outcome IS NULL;
CREATE INDEX publish_attempts_of ON publish_attempts (delivery_id, started_at);
CREATE INDEX publish_attempts_open ON publish_attempts (boot) WHERE outcome IS NULL;

-- The timeline of a post: what happened, in order, for people.
CREATE TABLE post_events (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  post_id     INTEGER NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
  delivery_id BLOB REFERENCES deliveries (id) ON DELETE CASCADE,
  person_id   INTEGER REFERENCES people (id), -- NULL: Bandstand itself
  at          INTEGER NOT NULL,
  kind        TEXT NOT NULL, -- catalogue key event_<kind>
  args        TEXT NOT NULL DEFAULT '{}'
) STRICT;
CREATE INDEX post_events_of ON post_events (post_id, at);
CREATE INDEX post_events_delivery ON post_events (delivery_id) WHERE delivery_id IS NOT NULL;

-- When the numbers of a published delivery are taken next. A table of its own,
-- so that measuring can never touch a delivery (rule P10).
CREATE TABLE measurements_due (
  delivery_id   BLOB PRIMARY KEY REFERENCES deliveries (id) ON DELETE CASCADE,
  connection_id INTEGER NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  next_at       INTEGER NOT NULL,
  failures      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX measurements_due_at ON measurements_due (next_at);
CREATE INDEX measurements_due_of ON measurements_due (connection_id);

-- Published deliveries whose id or address must still be asked for.
CREATE TABLE links_due (
  delivery_id   BLOB PRIMARY KEY REFERENCES deliveries (id) ON DELETE CASCADE,
  connection_id INTEGER NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  next_at       INTEGER NOT NULL,
  failures      INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX links_due_at ON links_due (next_at);

-- Numbers a platform gave at one time; never overwritten. NULL: not offered or
-- not given.
CREATE TABLE post_snapshots (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  club_id       INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  delivery_id   BLOB NOT NULL REFERENCES deliveries (id) ON DELETE CASCADE,
  taken_at      INTEGER NOT NULL,
  likes         INTEGER,
  comments      INTEGER,
  shares        INTEGER,
  reach         INTEGER,
  impressions   INTEGER,
  named         TEXT NOT NULL DEFAULT '{}', -- the platform's own names, JSON
  raw           BLOB, -- the answer, redacted, gzip, sealed; removed after 7 days
  UNIQUE (delivery_id, taken_at)
) STRICT;
CREATE INDEX post_snapshots_raw ON post_snapshots (taken_at) WHERE raw IS NOT NULL;

CREATE TABLE account_snapshots (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  club_id       INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  connection_id INTEGER NOT NULL REFERENCES connections (id) ON DELETE CASCADE,
  day           TEXT NOT NULL, -- club's date, 2026-11-24
  taken_at      INTEGER NOT NULL,
  followers     INTEGER,
  posts         INTEGER,
  reach         INTEGER,
  impressions   INTEGER,
  named         TEXT NOT NULL DEFAULT '{}',
  raw           BLOB,
  UNIQUE (connection_id, day)
) STRICT;
CREATE INDEX account_snapshots_raw ON account_snapshots (taken_at) WHERE raw IS NOT NULL;

-- The bell. key makes a notice once-only.
CREATE TABLE notices (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  club_id       INTEGER NOT NULL REFERENCES clubs (id) ON DELETE CASCADE,
  person_id     INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  kind          TEXT NOT NULL, -- catalogue key notice_<kind>
  key           TEXT NOT NULL,
  args          TEXT NOT NULL DEFAULT '{}',
  post_id       INTEGER REFERENCES posts (id) ON DELETE CASCADE,
  connection_id INTEGER REFERENCES connections (id) ON DELETE CASCADE,
  created_at    INTEGER NOT NULL,
  read_at       INTEGER,
  UNIQUE (club_id, person_id, key)
) STRICT;
CREATE INDEX notices_unread ON notices (club_id, person_id) WHERE read_at IS NULL;
CREATE INDEX notices_of ON notices (club_id, person_id, created_at);

-- Answers to requests that must not act twice (op field of forms), 24 hours.
CREATE TABLE ops (
  person_id INTEGER NOT NULL REFERENCES people (id) ON DELETE CASCADE,
  op        TEXT NOT NULL,
  at        INTEGER NOT NULL,
  result    TEXT NOT NULL,
  PRIMARY KEY (person_id, op)
) STRICT, WITHOUT ROWID;
CREATE INDEX ops_age ON ops (at);

-- Who did what (rule W11). Rows are only ever added.
CREATE TABLE audit (
  id        INTEGER PRIMARY KEY AUTOINCREMENT,
  club_id   INTEGER REFERENCES clubs (id) ON DELETE CASCADE,
  person_id INTEGER REFERENCES people (id),
  at        INTEGER NOT NULL,
  action    TEXT NOT NULL,
  object    TEXT NOT NULL DEFAULT '',
  origin    TEXT NOT NULL DEFAULT '' -- address of the request, 'console', 'engine'
) STRICT;
CREATE INDEX audit_club ON audit (club_id, at);
