package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// MovingPost is what decides about moving a post, and what is said about it.
type MovingPost struct {
	ID        int64
	Excerpt   string
	AuthorID  int64
	Planned   club.Slot // zero: not on the calendar
	Version   int64
	ChangedBy string
	ChangedAt time.Time
	Deleted   bool
	Statuses  []club.Status // of its deliveries
	Unsure    bool          // of one it is not known whether it is public

	terms terms
}

// Wish is what club decides by.
func (p MovingPost) Wish(r club.Role, personID int64) club.MoveWish {
	return club.MoveWish{Role: r, Own: p.AuthorID == personID, Deliveries: p.Statuses, Unsure: p.Unsure}
}

// MovingPost reads a post of the scope's club, one that was deleted too.
func (db *DB) MovingPost(ctx context.Context, s Scope, id int64) (MovingPost, error) {
	return movingPost(ctx, db.read, s, id)
}

const movingPostQuery = `
	SELECT p.id, substr(p.excerpt, 1, 90), p.author_id, p.planned_at, coalesce(p.planned_local, ''), coalesce(p.planned_zone, ''),
		p.version, u.name, p.updated_at, p.deleted_at IS NOT NULL,
		(SELECT coalesce(group_concat(d.status || ':' || d.phase), '') FROM deliveries d WHERE d.post_id = p.id AND d.phase <> 'after_part'),
		` + termsColumns + `
	FROM posts p JOIN people u ON u.id = p.updated_by ` + termsTables + ` WHERE p.id = ? AND p.club_id = ?`

func movingPost(ctx context.Context, q querier, s Scope, id int64) (MovingPost, error) {
	var p MovingPost
	var deliveries string
	err := q.QueryRowContext(ctx, movingPostQuery, id, s.ClubID).Scan(append([]any{
		&p.ID, &p.Excerpt, &p.AuthorID, into(&p.Planned.At), &p.Planned.Local, &p.Planned.Zone,
		&p.Version, &p.ChangedBy, into(&p.ChangedAt), &p.Deleted, &deliveries,
	}, p.terms.fields()...)...)
	if errors.Is(err, sql.ErrNoRows) {
		return p, club.ErrNotFound
	}
	if err != nil {
		return p, fmt.Errorf("find post %d: %w", id, err)
	}
	for one := range strings.SplitSeq(deliveries, ",") {
		if status, phase, ok := strings.Cut(one, ":"); ok {
			p.Statuses = append(p.Statuses, club.Status(status))
			p.Unsure = p.Unsure || club.Phase(phase) == club.Ambiguous || club.Phase(phase) == club.DuplicateSuspect
		}
	}
	return p, nil
}

// Move is a wish to give a post another place on the calendar.
type Move struct {
	PostID  int64
	Version int64     // of the post as the person saw it
	Op      string    // key of the request: the same key never moves twice
	To      club.Slot // zero: off the calendar
	Role    club.Role
	Via     string // "drag", "keys", "menu", "page": for the record
}

// Moved says what a move did.
type Moved struct {
	Version int64     `json:"version"` // of the post now
	From    club.Slot `json:"from"`
	To      club.Slot `json:"to"`
	// Unscheduled: it was on its way out, and is a draft now.
	Unscheduled bool `json:"unscheduled,omitempty"`
}

// ErrStale means that the post was changed since the person saw it, or that its
// publishing began.
var ErrStale = errors.New("the post was changed meanwhile")

// MovePost gives a post another time, or none, and its deliveries with it: all
// in one transaction. What is out already stays; what failed is tried again at
// the new time. A draft stays a draft. ErrStale: nothing was changed.
func (db *DB) MovePost(ctx context.Context, s Scope, m Move, origin string) (Moved, error) {
	var moved Moved
	err := db.inTx(ctx, func(tx *tx) error {
		result, err := tx.once(ctx, s.PersonID, OpMove, m.Op, func() (string, error) {
			done, err := tx.movePost(ctx, s, m, origin)
			if err != nil {
				return "", err
			}
			b, err := json.Marshal(done)
			return string(b), err
		})
		if err != nil {
			return err
		}
		return json.Unmarshal([]byte(result), &moved)
	})
	if errors.Is(err, ErrMoved) || errors.Is(err, club.ErrNoRow) {
		return moved, fmt.Errorf("%w: %w", ErrStale, err)
	}
	if err == nil {
		db.signal()
	}
	return moved, err
}

func (t *tx) movePost(ctx context.Context, s Scope, m Move, origin string) (Moved, error) {
	p, err := movingPost(ctx, t, s, m.PostID)
	if err != nil {
		return Moved{}, err
	}
	if p.Deleted {
		return Moved{}, club.ErrNotFound
	}
	if p.Version != m.Version {
		return Moved{}, ErrStale
	}
	wish := p.Wish(m.Role, s.PersonID)
	if err := wish.Check(); err != nil {
		return Moved{}, err
	}
	if m.To.At.IsZero() && wish.Public() {
		return Moved{}, &club.Error{Code: club.Conflict, Key: "move_public_stays"}
	}
	moved := Moved{Version: p.Version + 1, From: p.Planned, To: m.To}
	if err := t.place(ctx, s, m); err != nil {
		return moved, err
	}
	if m.To.At.IsZero() {
		moved.Unscheduled = club.PostStatus(p.Statuses) != club.Draft
		err = t.unschedulePost(ctx, s, m.PostID)
	} else {
		err = t.retimePost(ctx, s, m.PostID, m.To.At, p.terms)
	}
	if err != nil {
		return moved, err
	}
	if err := t.touch(ctx, s.ClubID); err != nil {
		return moved, err
	}
	what := strconv.FormatInt(m.PostID, 10) + ": " + orDash(p.Planned.Local) + " → " + orDash(m.To.Local) + " (" + m.Via + ")"
	return moved, t.audit(ctx, s, "post_moved", what, origin)
}

// place writes when the post is meant to go out.
func (t *tx) place(ctx context.Context, s Scope, m Move) error {
	local := sql.NullString{String: m.To.Local, Valid: !m.To.At.IsZero()}
	zone := sql.NullString{String: m.To.Zone, Valid: !m.To.At.IsZero()}
	res, err := t.ExecContext(ctx, `
		UPDATE posts SET planned_at = ?, planned_local = ?, planned_zone = ?, version = version + 1, updated_at = ?, updated_by = ?
		WHERE id = ? AND club_id = ? AND version = ?`,
		ms(m.To.At), local, zone, ms(t.now), s.PersonID, m.PostID, s.ClubID, m.Version)
	if err != nil {
		return fmt.Errorf("move post %d: %w", m.PostID, err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, ErrStale)
	}
	return nil
}

// unschedulePost takes what was to go out of a post off the calendar and makes
// a draft of it again, with changes that were not yet taken over.
func (t *tx) unschedulePost(ctx context.Context, s Scope, id int64) error {
	p, err := readPost(ctx, t, s, id)
	if err != nil || !p.Begun() {
		return err
	}
	if err := t.cancelPost(ctx, s, id); err != nil {
		return err
	}
	if err := t.promotePending(ctx, s, p); err != nil {
		return err
	}
	if err := t.plan(ctx, id, PostChange{Content: p.Content()}); err != nil {
		return err
	}
	return t.syncDeliveries(ctx, s, id, p.Content())
}

func orDash(s string) string {
	if s == "" {
		return "–"
	}
	return s
}
