package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// leastGrace is the grace of a club that wants none: the engine needs a moment.
const leastGrace = time.Minute

// syncDeliveries makes the deliveries of a post follow what it says: one for each
// part of each ticked account. New ones are DRAFT, cancelled ones are DRAFT again,
// and those that are wanted no more are cancelled, or removed while they are DRAFT.
// Accounts of other clubs are club.ErrNotFound.
func (t *tx) syncDeliveries(ctx context.Context, s Scope, postID int64, c club.Content) error {
	accounts := c.Accounts
	var own int
	err := t.QueryRowContext(ctx, `SELECT count(*) FROM connections WHERE club_id = ? AND id IN (SELECT value FROM json_each(?))`,
		s.ClubID, jsonOf(orEmpty(accounts))).Scan(&own)
	if err != nil {
		return fmt.Errorf("check accounts of post %d: %w", postID, err)
	}
	if own != len(accounts) {
		return club.ErrNotFound
	}
	type place struct {
		connection int64
		part       int
	}
	wanted := make(map[place]bool, len(accounts))
	for _, id := range accounts {
		for part := range 1 + len(c.PartsFor(id)) {
			wanted[place{id, part}] = true
		}
	}
	have, err := t.deliveriesOf(ctx, s, postID)
	if err != nil {
		return err
	}
	for _, d := range have {
		at := place{d.ConnectionID, d.Part}
		if d, err = t.again(ctx, d); err != nil {
			return err
		}
		switch {
		case wanted[at] && d.Status == club.Cancelled:
			err = t.happen(ctx, s, d, club.Event{Kind: club.PersonPicks})
		case !wanted[at] && d.Status == club.Draft:
			_, err = t.ExecContext(ctx, `DELETE FROM deliveries WHERE id = ?`, blob(d.ID))
		case !wanted[at] && d.Status != club.Published && d.Status != club.Cancelled:
			err = t.happen(ctx, s, d, club.Event{Kind: club.PersonCancels})
		}
		if err != nil {
			return fmt.Errorf("follow accounts of post %d: %w", postID, err)
		}
		delete(wanted, at)
	}
	for _, id := range accounts {
		for part := range 1 + len(c.PartsFor(id)) {
			if !wanted[place{id, part}] {
				continue
			}
			d := NewID()
			_, err := t.ExecContext(ctx, `
				INSERT INTO deliveries (id, club_id, post_id, connection_id, part, status, idem_key) VALUES (?, ?, ?, ?, ?, 'DRAFT', ?)`,
				blob(d), s.ClubID, postID, id, part, club.Key(d, 1))
			if err != nil {
				return fmt.Errorf("add delivery of post %d: %w", postID, err)
			}
		}
	}
	return nil
}

// again reads a part once more that follows another: what happened to that one in
// this transaction may have moved it.
func (t *tx) again(ctx context.Context, d Delivery) (Delivery, error) {
	if d.Part == 0 {
		return d, nil
	}
	return deliveryOfAnyClub(ctx, t, d.ID)
}

// schedulePost puts the drafts among a post's deliveries on the calendar, with
// its live revision (row 1).
func (t *tx) schedulePost(ctx context.Context, s Scope, postID int64, due time.Time) error {
	if err := t.markTexts(ctx, postID); err != nil {
		return err
	}
	return t.eachDelivery(ctx, s, postID, func(d Delivery) (club.EventKind, bool) {
		return club.PersonSchedules, d.Status == club.Draft
	}, due, terms{})
}

// retimePost gives every delivery that is not public and not a draft another
// time (rows 2, 14, 33, 36). club.ErrBeingSent: one of them is on its way.
func (t *tx) retimePost(ctx context.Context, s Scope, postID int64, due time.Time, p terms) error {
	return t.eachDelivery(ctx, s, postID, func(d Delivery) (club.EventKind, bool) { return club.PersonRetimes, unpublished(d) }, due, p)
}

// editPost tells the deliveries of a post that its live revision is another now
// (rows 2, 14, 33, 36). club.ErrBeingSent: one of them is on its way.
func (t *tx) editPost(ctx context.Context, s Scope, postID int64) error {
	return t.eachDelivery(ctx, s, postID, func(d Delivery) (club.EventKind, bool) { return club.PersonEdits, unpublished(d) }, time.Time{}, terms{})
}

// cancelPost takes every delivery that is not public off the calendar (rows 3,
// 14, 33, 36). club.ErrBeingSent: one of them is on its way.
func (t *tx) cancelPost(ctx context.Context, s Scope, postID int64) error {
	return t.eachDelivery(ctx, s, postID, func(d Delivery) (club.EventKind, bool) { return club.PersonCancels, unpublished(d) }, time.Time{}, terms{})
}

// unpublished tells whether a delivery is past DRAFT and not public.
func unpublished(d Delivery) bool {
	return d.Status != club.Draft && d.Status != club.Cancelled && d.Status != club.Published
}

// cancelConnection ends what was to go out through a connection that is gone
// (row 37). What is being sent finishes first.
func (t *tx) cancelConnection(ctx context.Context, s Scope, connectionID int64) error {
	ds, err := queryAll(ctx, t, scanDelivery, `
		SELECT `+deliveryColumns+` FROM deliveries d
		WHERE d.connection_id = ? AND d.club_id = ? AND d.status IN ('SCHEDULED', 'PUBLISHING', 'NEEDS_ATTENTION') ORDER BY d.post_id, d.part`, connectionID, s.ClubID)
	if err != nil {
		return fmt.Errorf("list deliveries of connection %d: %w", connectionID, err)
	}
	for _, d := range ds {
		d, err := t.again(ctx, d)
		if err == nil {
			err = t.happen(ctx, s, d, club.Event{Kind: club.ConnectionGone})
		}
		if err != nil && !errors.Is(err, club.ErrNoRow) {
			return err
		}
	}
	return nil
}

// Schedule puts a post on the calendar for these accounts of the scope's club.
func (db *DB) Schedule(ctx context.Context, s Scope, postID int64, accounts []int64, due time.Time) error {
	err := db.inTx(ctx, func(tx *tx) error {
		content, err := queryOne(ctx, tx, func(scan func(...any) error) (c club.Content, err error) {
			err = scan(intoJSON(&c))
			return c, err
		}, `SELECT content FROM revisions WHERE post_id = ? AND state = 'live'`, postID)
		if err != nil {
			return fmt.Errorf("read what post %d says: %w", postID, err)
		}
		content.Accounts = accounts
		if err := tx.syncDeliveries(ctx, s, postID, content.Normal()); err != nil {
			return err
		}
		return tx.schedulePost(ctx, s, postID, due)
	})
	if err == nil {
		db.signal()
	}
	return err
}

// Answer is a person's decision on deliveries that failed or need attention.
type Answer struct {
	// Kind is club.PersonFinds ("it is there", row 31), PersonMisses ("it is not
	// there, send again", row 32), PersonSendsNow (rows 33, 36), PersonRetimes or
	// PersonCancels (rows 2, 3, 14, 33, 36).
	Kind club.EventKind
	URL  string    // with PersonFinds: where it is, if that was said
	Due  time.Time // with PersonRetimes
}

// answered is what the audit log calls each answer.
var answered = map[club.EventKind]string{
	club.PersonFinds: "post_said_there", club.PersonMisses: "post_said_missing", club.PersonSendsNow: "post_sent_now",
	club.PersonRetimes: "post_retimed", club.PersonCancels: "post_left_out",
}

// Answer carries out one decision on deliveries of one post: on all of them, or
// on none. club.ErrNotFound: one of them is not there, or of another post.
// club.Conflict: one of them does not ask this any more.
func (db *DB) Answer(ctx context.Context, s Scope, a Answer, origin string, ids ...string) error {
	err := db.inTx(ctx, func(tx *tx) error {
		var post int64
		for _, id := range ids {
			d, err := delivery(ctx, tx, s, id)
			if err != nil {
				return err
			}
			if post != 0 && d.PostID != post {
				return club.ErrNotFound
			}
			post = d.PostID
			if err := tx.answer(ctx, s, d, a, origin); err != nil {
				return err
			}
		}
		return nil
	})
	if errors.Is(err, club.ErrNoRow) || errors.Is(err, ErrMoved) {
		return &club.Error{Code: club.Conflict, Key: "error_delivery_moved", Err: err}
	}
	if err == nil {
		db.signal()
	}
	return err
}

func (t *tx) answer(ctx context.Context, s Scope, d Delivery, a Answer, origin string) error {
	if a.Kind == club.PersonMisses || a.Kind == club.PersonSendsNow {
		if hold, err := activeHold(ctx, t, s.ClubID, t.now); err != nil || hold.Phase != "" {
			return cmp.Or(err, error(&club.Error{Code: club.Conflict, Key: "hold_on"}))
		}
	}
	e := club.Event{Kind: a.Kind, URL: a.URL, DueAt: a.Due}
	if a.Kind == club.PersonMisses || a.Kind == club.PersonSendsNow {
		e.DueAt = t.now
	}
	if err := t.happen(ctx, s, d, e); err != nil {
		return err
	}
	var account string
	err := t.QueryRowContext(ctx, `SELECT `+accountInRecord+` FROM connections WHERE id = ?`, d.ConnectionID).Scan(&account)
	if err != nil {
		return fmt.Errorf("read account of delivery %s: %w", d.ID, err)
	}
	what := strconv.FormatInt(d.PostID, 10) + " " + account
	if a.URL != "" {
		what += " " + a.URL
	}
	if !a.Due.IsZero() {
		what += " " + a.Due.UTC().Format(time.RFC3339)
	}
	return t.audit(ctx, s, answered[a.Kind], what, origin)
}

func (t *tx) deliveriesOf(ctx context.Context, s Scope, postID int64) ([]Delivery, error) {
	ds, err := queryAll(ctx, t, scanDelivery, `
		SELECT `+deliveryColumns+` FROM deliveries d WHERE d.post_id = ? AND d.club_id = ? ORDER BY d.connection_id, d.part`, postID, s.ClubID)
	if err != nil {
		return nil, fmt.Errorf("list deliveries of post %d: %w", postID, err)
	}
	return ds, nil
}

// eachDelivery lets the same happen to each delivery of a post. p may be zero.
func (t *tx) eachDelivery(ctx context.Context, s Scope, postID int64, event func(Delivery) (club.EventKind, bool), due time.Time, p terms) error {
	ds, err := t.deliveriesOf(ctx, s, postID)
	if err != nil {
		return err
	}
	for _, d := range ds {
		if d, err = t.again(ctx, d); err != nil {
			return err
		}
		kind, ok := event(d)
		if !ok {
			continue
		}
		if plans(kind) && p.hash == nil {
			if p, err = t.termsOf(ctx, postID); err != nil {
				return err
			}
		}
		if err := t.happenBy(ctx, s, d, club.Event{Kind: kind, DueAt: due}, p); err != nil {
			return err
		}
	}
	return nil
}

// happen applies what a person did to one delivery.
func (t *tx) happen(ctx context.Context, s Scope, d Delivery, e club.Event) error {
	var p terms
	if plans(e.Kind) {
		var err error
		if p, err = t.termsOf(ctx, d.PostID); err != nil {
			return err
		}
	}
	return t.happenBy(ctx, s, d, e, p)
}

// happenBy is happen with the terms of the post, if the event plans something.
func (t *tx) happenBy(ctx context.Context, s Scope, d Delivery, e club.Event, p terms) error {
	f := Facts{PersonID: s.PersonID, ContentHash: p.hash}
	if !e.DueAt.IsZero() {
		e.LateAfter = p.lateAfter(e)
	}
	var err error
	if e.Before, err = t.before(ctx, d); err != nil {
		return err
	}
	ch, err := club.Next(d.Delivery, e, t.now)
	if err != nil {
		return err
	}
	_, err = t.transition(ctx, d, ch, f)
	return err
}

// before is how the part stands that a delivery follows; nil for the post itself.
func (t *tx) before(ctx context.Context, d Delivery) (*club.PartBefore, error) {
	if d.Part == 0 {
		return nil, nil
	}
	var b club.PartBefore
	err := t.QueryRowContext(ctx, `SELECT status, phase FROM deliveries WHERE post_id = ? AND connection_id = ? AND part = ?`,
		d.PostID, d.ConnectionID, d.Part-1).Scan(&b.Status, &b.Phase)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("read the part before delivery %s: %w", d.ID, err)
	}
	return &b, nil
}

// plans tells whether an event plans a delivery anew.
func plans(kind club.EventKind) bool {
	return kind != club.PersonCancels && kind != club.PersonPicks && kind != club.ConnectionGone
}

// terms are what the deliveries of a post are planned by.
type terms struct {
	hash       []byte // of the live revision
	grace      int64  // of the club, in minutes
	validUntil time.Time
}

const (
	termsColumns = `r.hash, c.late_minutes, p.valid_until`
	termsTables  = `JOIN clubs c ON c.id = p.club_id JOIN revisions r ON r.post_id = p.id AND r.state = 'live'`
)

// fields are the places to scan termsColumns into.
func (p *terms) fields() []any { return []any{&p.hash, &p.grace, into(&p.validUntil)} }

func (t *tx) termsOf(ctx context.Context, postID int64) (terms, error) {
	var p terms
	err := t.QueryRowContext(ctx, `SELECT `+termsColumns+` FROM posts p `+termsTables+` WHERE p.id = ?`, postID).Scan(p.fields()...)
	if err != nil {
		return p, fmt.Errorf("read what post %d is planned by: %w", postID, err)
	}
	return p, nil
}

// lateAfter is when it is too late for what is due at e.DueAt: after the club's
// grace, or when the post says so. A person who sends something now has decided
// that it is not too late.
func (p terms) lateAfter(e club.Event) time.Time {
	late := e.DueAt.Add(max(time.Duration(p.grace)*time.Minute, leastGrace))
	planned := e.Kind == club.PersonSchedules || e.Kind == club.PersonRetimes
	if planned && !p.validUntil.IsZero() && p.validUntil.Before(late) {
		late = p.validUntil
	}
	return late
}
