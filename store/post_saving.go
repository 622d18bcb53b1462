package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// What happens to a post as a whole: kinds of club.Note beside those that
// publishing writes.
const (
	NoteWritten   = "written"
	NoteChanged   = "changed"
	NoteTakenOver = "taken_over" // changes to a scheduled post
	NoteThrown    = "thrown_away"
	NoteCopied    = "copied" // post: id of the original
	NoteKept      = "kept"   // post: id of the practice post it was made from
)

// PostNoteKinds lists them, so that a test can hold the catalogue against them.
var PostNoteKinds = []string{NoteWritten, NoteChanged, NoteTakenOver, NoteThrown, NoteCopied, NoteKept}

// earlierEvery is how much typing is kept as one earlier text.
const earlierEvery = 10 * time.Minute

// PostChange is what an editor sends.
type PostChange struct {
	ID      int64  // 0: a new post
	Op      string // key of the form: the same key never makes two posts
	Version int64  // of the post that the editor knows
	Content club.Content
	Note    string
	// Campaign is an existing one; NewCampaign wins if it is not empty.
	Campaign    int64
	NewCampaign string
	Slot        club.Slot // zero: no place on the calendar
	// Request names the request that brings the change. SchedulePost does each
	// once; empty: it has no name.
	Request string
	// Asked marks what a person asked for, as opposed to what was saved while
	// they typed: it is kept as an earlier text.
	Asked bool
}

// SavedPost says what became of a change.
type SavedPost struct {
	ID      int64
	Version int64
	Begun   bool // more than a draft
	Pending bool // kept apart until it is taken over
	At      time.Time
}

// SavePost makes a post or changes one. A draft changes at once; of a post that
// is scheduled or further, text, pictures, link and accounts are kept as a
// pending revision, and its time stays. If somebody else saved a newer version,
// the error has code club.Conflict and nothing is changed.
func (db *DB) SavePost(ctx context.Context, s Scope, c PostChange) (SavedPost, error) {
	var saved SavedPost
	err := db.inTx(ctx, func(tx *tx) (err error) {
		saved, err = tx.savePost(ctx, s, c)
		return err
	})
	return saved, err
}

// postState is what decides how a post may change.
type postState struct {
	id       int64
	version  int64
	practice bool
	begun    bool // more than a draft
}

func (t *tx) postState(ctx context.Context, s Scope, id int64) (postState, error) {
	var p postState
	err := t.QueryRowContext(ctx, `
		SELECT p.id, p.version, p.practice, EXISTS (
			SELECT 1 FROM deliveries d WHERE d.post_id = p.id AND d.status NOT IN ('DRAFT', 'CANCELLED'))
		FROM posts p WHERE p.id = ? AND p.club_id = ? AND p.deleted_at IS NULL`, id, s.ClubID).
		Scan(&p.id, &p.version, &p.practice, &p.begun)
	if errors.Is(err, sql.ErrNoRows) {
		return p, club.ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("find post %d: %w", id, err)
	}
	return p, nil
}

func (t *tx) savePost(ctx context.Context, s Scope, c PostChange) (SavedPost, error) {
	c.Content = c.Content.Normal()
	p, made, err := t.postToSave(ctx, s, c)
	if err != nil {
		return SavedPost{}, err
	}
	if err := t.checkVersion(ctx, s, p, c); err != nil {
		return SavedPost{}, err
	}
	if err := t.checkParts(ctx, s, p, c.Content); err != nil {
		return SavedPost{}, err
	}
	campaign, err := t.campaign(ctx, s, c.Campaign, c.NewCampaign)
	if err != nil {
		return SavedPost{}, err
	}
	pending := false
	if p.begun {
		pending, err = t.savePending(ctx, s, p.id, c)
	} else {
		err = t.saveDraft(ctx, s, p, c)
	}
	if err != nil {
		return SavedPost{}, err
	}
	if err := t.linkMedia(ctx, p.id); err != nil {
		return SavedPost{}, err
	}
	if made || c.Asked {
		if err := t.setLastAccounts(ctx, s, c.Content.Accounts); err != nil {
			return SavedPost{}, fmt.Errorf("keep accounts for the next post: %w", err)
		}
	}
	switch {
	case made:
		t.addEvent(p.id, "", s.PersonID, club.Note{Kind: NoteWritten})
	case c.Asked:
		t.addEvent(p.id, "", s.PersonID, club.Note{Kind: NoteChanged})
	}
	_, err = t.ExecContext(ctx, `UPDATE posts SET note = ?, campaign_id = ? WHERE id = ?`, c.Note, orNull(campaign), p.id)
	if err != nil {
		return SavedPost{}, fmt.Errorf("save post %d: %w", p.id, err)
	}
	version, err := t.postChanged(ctx, s, p.id, c.Op)
	return SavedPost{ID: p.id, Version: version, Begun: p.begun, Pending: pending, At: t.now}, err
}

// postToSave finds the post to change, or makes it.
func (t *tx) postToSave(ctx context.Context, s Scope, c PostChange) (p postState, made bool, err error) {
	id := c.ID
	if id == 0 && c.Op != "" {
		err := t.QueryRowContext(ctx, `SELECT id FROM posts WHERE club_id = ? AND author_id = ? AND op = ?`, s.ClubID, s.PersonID, c.Op).Scan(&id)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return p, false, fmt.Errorf("look for form key: %w", err)
		}
	}
	if id != 0 {
		p, err = t.postState(ctx, s, id)
		return p, false, err
	}
	err = t.QueryRowContext(ctx, `
		INSERT INTO posts (club_id, author_id, practice, op, version, created_at, updated_at, updated_by)
		SELECT id, ?1, practice, nullif(?2, ''), 0, ?3, ?3, ?1 FROM clubs WHERE id = ?4 RETURNING id, practice`,
		s.PersonID, c.Op, ms(t.now), s.ClubID).Scan(&p.id, &p.practice)
	if err != nil {
		return p, false, fmt.Errorf("add post: %w", err)
	}
	return p, true, nil
}

// checkVersion refuses a change that does not know the latest version. A form
// whose own last save made that version knows it, even if the answer was lost;
// and whoever says the same is in nobody's way.
func (t *tx) checkVersion(ctx context.Context, s Scope, p postState, c PostChange) error {
	if p.version == c.Version {
		return nil
	}
	if c.Op != "" {
		last, done, err := opResult(ctx, t, s.PersonID, formKey(c.Op), t.now)
		if err != nil {
			return err
		}
		if done && last == formResult(p.id, p.version) {
			return nil
		}
	}
	_, hash, err := stored(c.Content)
	if err != nil {
		return err
	}
	var same bool
	err = t.QueryRowContext(ctx, `
		SELECT hash = ? FROM revisions WHERE post_id = ? AND state IN ('live', 'pending') ORDER BY state = 'pending' DESC LIMIT 1`, hash, p.id).Scan(&same)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("compare with text of post %d: %w", p.id, err)
	}
	if same {
		return nil
	}
	return t.conflict(ctx, s, p.id)
}

func formKey(op string) string { return "form " + op }

func formResult(id, version int64) string {
	return strconv.FormatInt(id, 10) + " " + strconv.FormatInt(version, 10)
}

// conflict says who was faster, and when.
func (t *tx) conflict(ctx context.Context, s Scope, id int64) error {
	var name string
	var person int64
	var at time.Time
	err := t.QueryRowContext(ctx, `SELECT u.id, u.name, p.updated_at FROM posts p JOIN people u ON u.id = p.updated_by WHERE p.id = ?`, id).
		Scan(&person, &name, into(&at))
	if err != nil {
		return fmt.Errorf("find who changed post %d: %w", id, err)
	}
	args := map[string]string{"post": strconv.FormatInt(id, 10), "person": name, "time": at.Format(time.RFC3339)}
	if person == s.PersonID {
		args["own"] = "yes" // in another window
	}
	return &club.Error{Code: club.Conflict, Key: "post_conflict", Args: args}
}

// checkParts refuses accounts and pictures that are not the club's, and
// accounts of the other world: real and make-believe never meet in a post.
func (t *tx) checkParts(ctx context.Context, s Scope, p postState, c club.Content) error {
	var accounts, pictures int
	ids := c.Pictures()
	slices.Sort(ids)
	ids = slices.Compact(ids)
	err := t.QueryRowContext(ctx, `
		SELECT (SELECT count(*) FROM connections WHERE club_id = ?1 AND practice = ?2 AND id IN (SELECT value FROM json_each(?3))),
			(SELECT count(*) FROM media WHERE +club_id = ?1 AND id IN (SELECT unhex(value) FROM json_each(?4)))`,
		s.ClubID, p.practice, jsonOf(c.Accounts), jsonOf(orEmpty(ids))).Scan(&accounts, &pictures)
	if err != nil {
		return fmt.Errorf("check accounts and pictures: %w", err)
	}
	if accounts != len(c.Accounts) || pictures != len(ids) {
		return club.ErrNotFound
	}
	return nil
}

// saveDraft writes the live revision, the plan and the deliveries of a draft.
func (t *tx) saveDraft(ctx context.Context, s Scope, p postState, c PostChange) error {
	if err := t.writeLive(ctx, s, p.id, c); err != nil {
		return err
	}
	// A post that fell back to a draft, as when its account was disconnected.
	if _, err := t.ExecContext(ctx, `DELETE FROM revisions WHERE post_id = ? AND state = 'pending'`, p.id); err != nil {
		return fmt.Errorf("drop changes of post %d: %w", p.id, err)
	}
	if err := t.plan(ctx, p.id, c); err != nil {
		return err
	}
	return t.syncDeliveries(ctx, s, p.id, c.Content)
}

// plan writes the post's place on the calendar and what lists show of it.
func (t *tx) plan(ctx context.Context, post int64, c PostChange) error {
	_, err := t.ExecContext(ctx, `UPDATE posts SET excerpt = ?, planned_at = ?, planned_local = ?, planned_zone = ? WHERE id = ?`,
		c.Content.Excerpt(), ms(c.Slot.At), orNullText(c.Slot.Local), orNullText(c.Slot.Zone), post)
	if err != nil {
		return fmt.Errorf("plan post %d: %w", post, err)
	}
	return nil
}

// writeLive writes the live revision. What was typed more than a few minutes
// ago, or by somebody else, stays as an earlier text.
func (t *tx) writeLive(ctx context.Context, s Scope, post int64, c PostChange) error {
	content, hash, err := stored(c.Content)
	if err != nil {
		return err
	}
	var id, by int64
	var was []byte
	var at time.Time
	err = t.QueryRowContext(ctx, `SELECT id, hash, created_by, created_at FROM revisions WHERE post_id = ? AND state = 'live'`, post).
		Scan(&id, &was, &by, into(&at))
	switch {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return fmt.Errorf("read text of post %d: %w", post, err)
	case bytes.Equal(was, hash):
		return t.keepAsked(ctx, post, c.Asked)
	case by == s.PersonID && t.now.Sub(at) < earlierEvery:
		_, err = t.ExecContext(ctx, `UPDATE revisions SET content = ?, hash = ? WHERE id = ?`, content, hash, id)
		if err != nil {
			return fmt.Errorf("write text of post %d: %w", post, err)
		}
		return t.keepAsked(ctx, post, c.Asked)
	default:
		if _, err := t.ExecContext(ctx, `UPDATE revisions SET state = 'earlier' WHERE id = ?`, id); err != nil {
			return fmt.Errorf("keep earlier text of post %d: %w", post, err)
		}
	}
	if err := t.addRevision(ctx, s, post, "live", content, hash); err != nil {
		return err
	}
	return t.keepAsked(ctx, post, c.Asked)
}

func (t *tx) addRevision(ctx context.Context, s Scope, post int64, state, content string, hash []byte) error {
	_, err := t.ExecContext(ctx, `INSERT INTO revisions (post_id, state, content, hash, created_by, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
		post, state, content, hash, s.PersonID, ms(t.now))
	if err != nil {
		return fmt.Errorf("write %s text of post %d: %w", state, post, err)
	}
	return nil
}

// keepAsked copies the live revision to the earlier texts, so that later typing
// cannot write over what a person asked to save.
func (t *tx) keepAsked(ctx context.Context, post int64, asked bool) error {
	if !asked {
		return nil
	}
	_, err := t.ExecContext(ctx, `
		INSERT INTO revisions (post_id, state, content, hash, created_by, created_at)
		SELECT post_id, 'earlier', content, hash, created_by, ?2 FROM revisions l WHERE post_id = ?1 AND state = 'live'
			AND NOT EXISTS (SELECT 1 FROM revisions e WHERE e.post_id = ?1 AND e.state = 'earlier' AND e.hash = l.hash)`, post, ms(t.now))
	if err != nil {
		return fmt.Errorf("keep text of post %d: %w", post, err)
	}
	return nil
}

// savePending keeps changes to a post that is no draft any more. What is the
// same as the live revision is no change: then it returns false.
func (t *tx) savePending(ctx context.Context, s Scope, post int64, c PostChange) (bool, error) {
	content, hash, err := stored(c.Content)
	if err != nil {
		return false, err
	}
	if _, err := t.ExecContext(ctx, `DELETE FROM revisions WHERE post_id = ? AND state = 'pending'`, post); err != nil {
		return false, fmt.Errorf("replace changes of post %d: %w", post, err)
	}
	var live []byte
	err = t.QueryRowContext(ctx, `SELECT hash FROM revisions WHERE post_id = ? AND state = 'live'`, post).Scan(&live)
	if err != nil {
		return false, fmt.Errorf("read text of post %d: %w", post, err)
	}
	if bytes.Equal(live, hash) {
		return false, nil
	}
	return true, t.addRevision(ctx, s, post, "pending", content, hash)
}

// stored is a content as its row keeps it.
func stored(c club.Content) (content string, hash []byte, err error) {
	b, err := c.JSON()
	if err != nil {
		return "", nil, fmt.Errorf("write content: %w", err)
	}
	hash, err = c.Hash()
	return string(b), hash, err
}

// linkMedia keeps in step which pictures a post uses, in its live revision
// first, then in the pending one.
func (t *tx) linkMedia(ctx context.Context, post int64) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM post_media WHERE post_id = ?`, post); err != nil {
		return fmt.Errorf("list pictures of post %d: %w", post, err)
	}
	_, err := t.ExecContext(ctx, `
		INSERT INTO post_media (post_id, position, media_id)
		SELECT post_id, row_number() OVER (ORDER BY pending, part, key) - 1, id FROM (
			SELECT r.post_id, r.state = 'pending' AS pending, -1 AS part, m.key, unhex(m.value ->> '$.id') AS id
			FROM revisions r, json_each(r.content, '$.media') m WHERE r.post_id = ?1 AND r.state IN ('live', 'pending')
			UNION ALL
			SELECT r.post_id, r.state = 'pending', p.key, m.key, unhex(m.value ->> '$.id')
			FROM revisions r, json_each(r.content, '$.parts') p, json_each(p.value, '$.media') m
			WHERE r.post_id = ?1 AND r.state IN ('live', 'pending'))`, post)
	if err != nil {
		return fmt.Errorf("list pictures of post %d: %w", post, err)
	}
	return nil
}

// postChanged counts the change, for the post, the form and the club. It
// returns the new version.
func (t *tx) postChanged(ctx context.Context, s Scope, post int64, op string) (int64, error) {
	var version int64
	err := t.QueryRowContext(ctx, `UPDATE posts SET version = version + 1, updated_at = ?, updated_by = ? WHERE id = ? RETURNING version`,
		ms(t.now), s.PersonID, post).Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("count change of post %d: %w", post, err)
	}
	if op != "" {
		_, err = t.ExecContext(ctx, `
			INSERT INTO ops (person_id, op, at, result) VALUES (?, ?, ?, ?)
			ON CONFLICT (person_id, op) DO UPDATE SET at = excluded.at, result = excluded.result`,
			s.PersonID, formKey(op), ms(t.now), formResult(post, version))
		if err != nil {
			return 0, fmt.Errorf("keep form key: %w", err)
		}
	}
	return version, t.touch(ctx, s.ClubID)
}
