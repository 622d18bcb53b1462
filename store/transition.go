package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/bandstand-app/bandstand/internal/club"
)

// ErrMoved means that another actor moved the delivery: stop, do nothing.
var ErrMoved = errors.New("the delivery was changed meanwhile")

// Facts are what Transition commits with a change, besides what the change says
// itself.
type Facts struct {
	PersonID int64    // who did it; 0: Bandstand itself
	Body     []byte   // with Change.Freezes
	Attempt  *Attempt // the call that begins (Change.Opens) or has ended
	Look     *Attempt // with Change.Opens: the look that led to it
	// Ended is the irreversible attempt whose outcome this is.
	Ended string
	// Recalled are calls that only the journal knows of.
	Recalled []club.Witness
	// Token is the version of the access token that the platform refused, with
	// Change.Breaks: a newer one is not broken by it. 0: there was none.
	Token int64
	// Version of the platform's interface that was refused, with Change.Outdates.
	Version string
	// ContentHash, if set, becomes what the delivery was scheduled with.
	ContentHash []byte
}

// Refusal reports whether err says that the database does not take what it was told,
// and would not another time: a constraint, a trigger, a value that it cannot hold.
func Refusal(err error) bool {
	e, ok := errors.AsType[sqlite3.Error](err)
	if !ok || club.Storage(err) {
		return false
	}
	switch e.Code {
	case sqlite3.ErrConstraint, sqlite3.ErrMismatch, sqlite3.ErrTooBig, sqlite3.ErrRange:
		return true
	}
	return false
}

// SetAside moves a delivery that cannot be worked on, or of which the database
// refused what came of it, to where people can decide (row 39). What led there is
// left out, and if it must be, everything but the state itself. It is unchanged
// where the table knows no such event.
func (db *DB) SetAside(ctx context.Context, id string) (Delivery, error) {
	var d Delivery
	err := db.inTx(ctx, func(tx *tx) (err error) {
		if d, err = deliveryOfAnyClub(ctx, tx, id); err == nil {
			d, err = tx.setAside(ctx, d, false)
		}
		return err
	})
	if !Refusal(err) {
		return d, err
	}
	err = db.inTx(ctx, func(tx *tx) (err error) {
		if d, err = deliveryOfAnyClub(ctx, tx, id); err == nil {
			d, err = tx.setAside(ctx, d, true)
		}
		return err
	})
	return d, err
}

// setAside is SetAside; bare leaves out the lines for people.
func (t *tx) setAside(ctx context.Context, d Delivery, bare bool) (Delivery, error) {
	ch, err := club.Next(d.Delivery, club.Event{Kind: club.NotKept}, t.now)
	if errors.Is(err, club.ErrNoRow) {
		return d, nil
	}
	if err != nil {
		return d, fmt.Errorf("set delivery %s aside: %w", d.ID, err)
	}
	ended, err := openAttempt(ctx, t, d.ID)
	if err != nil {
		return d, err
	}
	if bare {
		ch.Notice, ch.Timeline = "", nil
	}
	return t.transition(ctx, d, ch, Facts{Ended: ended})
}

// Transition moves a delivery, with all facts, in one transaction. It is the
// only way to move one that is past DRAFT (rule P9). ErrMoved: the version is
// not d.Version any more.
func (db *DB) Transition(ctx context.Context, d Delivery, ch club.Change, f Facts) (Delivery, error) {
	err := db.inTx(ctx, func(tx *tx) (err error) {
		d, err = tx.transition(ctx, d, ch, f)
		return err
	})
	return d, err
}

func (t *tx) transition(ctx context.Context, d Delivery, ch club.Change, f Facts) (Delivery, error) {
	was := d
	d.Delivery = ch.To
	d.Key = club.Key(d.ID, d.Generation)
	if f.ContentHash != nil {
		d.ContentHash = f.ContentHash
	}
	switch {
	case ch.Freezes:
		d.Body = f.Body
	case ch.Thaws:
		d.Body = nil
	}
	if err := t.updateDelivery(ctx, d, ch); err != nil {
		return was, fmt.Errorf("row %s of delivery %s: %w", ch.Row, d.ID, err)
	}
	d.Version++
	for _, step := range []func(context.Context, Delivery, Delivery, club.Change, Facts) error{
		t.keepSteps, t.keepAttempt, t.keepConnection, t.keepSideJobs, t.keepTimeline, t.keepRecord, t.tellNextPart,
	} {
		if err := step(ctx, was, d, ch, f); err != nil {
			return was, fmt.Errorf("row %s of delivery %s: %w", ch.Row, d.ID, err)
		}
	}
	return d, t.touch(ctx, d.ClubID)
}

func (t *tx) updateDelivery(ctx context.Context, d Delivery, ch club.Change) error {
	if ch.To.Args == nil {
		d.Args = map[string]string{}
	}
	var remoteID sql.NullString
	if d.RemoteID != "" {
		remoteID = sql.NullString{String: d.RemoteID, Valid: true}
	}
	res, err := t.ExecContext(ctx, `
		UPDATE deliveries SET version = version + 1, idem_key = ?, content_hash = ?,
			status = ?, phase = ?, code = ?, args = ?, due_at = ?, late_after = ?, next_at = ?, started_at = ?, generation = ?, look_first = ?,
			remote_id = ?, remote_url = ?, remote_version = ?, published_at = ?, tried_at = ?, unknowns = ?, has_left = ?, tries_transient = ?, tries_since = ?,
			tries_ambiguous = ?, rate_waits = ?, renewals = ?, remakes = ?, waits = ?, waits_since = ?, unknown_since = ?, seen = ?, looks = ?, looks_since = ?, sent_again = ?
		WHERE id = ? AND version = ?`,
		d.Key, d.ContentHash,
		d.Status, d.Phase, d.Code, jsonOf(d.Args), ms(d.DueAt), ms(d.LateAfter), ms(d.NextAt), ms(d.StartedAt), d.Generation, d.LookFirst,
		remoteID, d.RemoteURL, d.RemoteVersion, ms(d.PublishedAt), ms(d.TriedAt), d.Unknowns, d.Left, d.TriesTransient, ms(d.TriesSince),
		d.TriesAmbiguous, d.RateWaits, d.Renewals, d.Remakes, d.Waits, ms(d.WaitsSince), ms(d.UnknownSince), d.Seen, d.Looks, ms(d.LooksSince), d.SentAgain,
		blob(d.ID), d.Version)
	if err != nil {
		return err
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, ErrMoved)
	}
	if !ch.Freezes && !ch.Thaws {
		return nil
	}
	var hash []byte
	if d.Body != nil {
		sum := sha256.Sum256(d.Body)
		hash = sum[:]
	}
	_, err = t.ExecContext(ctx, `UPDATE deliveries SET body = ?, body_hash = ? WHERE id = ?`, d.Body, hash, blob(d.ID))
	return err
}

func (t *tx) keepSteps(ctx context.Context, was, _ Delivery, ch club.Change, _ Facts) error {
	if ch.Keeps != nil {
		if err := t.addStep(ctx, was.ID, was.Generation, *ch.Keeps); err != nil {
			return err
		}
	}
	if !ch.Voids || !was.Frozen {
		return nil // without a body nothing was done yet
	}
	_, err := t.ExecContext(ctx, `UPDATE publish_steps SET void = 1 WHERE delivery_id = ?`, blob(was.ID))
	return err
}

func (t *tx) keepAttempt(ctx context.Context, was, _ Delivery, ch club.Change, f Facts) error {
	for _, w := range f.Recalled {
		if err := t.addRecalled(ctx, was, w); err != nil {
			return err
		}
	}
	if f.Ended != "" && ch.Closes != "" {
		if err := t.endAttempt(ctx, f.Ended, ch, f.Attempt); err != nil {
			return err
		}
	}
	if f.Attempt == nil || f.Ended != "" {
		return nil
	}
	if ch.Opens {
		if f.Look != nil {
			if err := t.addAttempt(ctx, was, ended(*f.Look, ch, t.now)); err != nil {
				return err
			}
		}
		return t.addAttempt(ctx, was, *f.Attempt)
	}
	return t.addAttempt(ctx, was, ended(*f.Attempt, ch, t.now))
}

// ended is a call of which the change says how it ended.
func ended(a Attempt, ch club.Change, at time.Time) Attempt {
	a.FinishedAt = at
	if ch.Closes != "" {
		a.Outcome = ch.Closes
	}
	if ch.Proof != "" {
		a.Proof = ch.Proof
	}
	return a
}

func (t *tx) keepConnection(ctx context.Context, _, d Delivery, ch club.Change, f Facts) error {
	if ch.Opens {
		if hold, err := activeHold(ctx, t, d.ClubID, t.now); err != nil || hold.Phase != "" {
			return cmp.Or(err, ErrMoved) // held meanwhile: the next tick sees it
		}
		_, err := t.ExecContext(ctx, `UPDATE connections SET last_sent_at = ? WHERE id = ?`, ms(f.Attempt.StartedAt), d.ConnectionID)
		if err != nil {
			return err
		}
	}
	if !ch.Blocks.IsZero() {
		if err := t.block(ctx, d.ConnectionID, ch.Blocks); err != nil {
			return err
		}
	}
	if ch.Outdates {
		return t.markOutdated(ctx, d.ConnectionID, f.Version)
	}
	if ch.Breaks {
		_, err := t.markRevoked(ctx, d.ConnectionID, f.Token, d.Code)
		return err
	}
	return nil
}

// tellNextPart tells the part that follows a delivery that this one is in another
// state, in the same transaction: there is no moment at which one knows and the other
// does not.
func (t *tx) tellNextPart(ctx context.Context, was, d Delivery, _ club.Change, f Facts) error {
	if was.Status == d.Status && was.Phase == d.Phase {
		return nil
	}
	return t.tellPartAfter(ctx, d, club.PartBefore{Status: d.Status, Phase: d.Phase}, f.PersonID)
}

func (t *tx) tellPartAfter(ctx context.Context, d Delivery, as club.PartBefore, person int64) error {
	next, err := queryOne(ctx, t, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries d
		WHERE d.post_id = ? AND d.connection_id = ? AND d.part = ?`, d.PostID, d.ConnectionID, d.Part+1)
	if errors.Is(err, club.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the part after delivery %s: %w", d.ID, err)
	}
	ch, err := club.Next(next.Delivery, club.Event{Kind: club.BeforeMoved, Before: &as}, t.now)
	if errors.Is(err, club.ErrNoRow) || err == nil && !ch.Changes(next.Delivery) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = t.transition(ctx, next, ch, Facts{PersonID: person})
	return err
}

// keepSideJobs makes the rows of what follows publishing (row 30).
func (t *tx) keepSideJobs(ctx context.Context, was, d Delivery, _ club.Change, _ Facts) error {
	if was.Phase == club.Partial && d.Phase == club.AfterPart {
		return t.findPartBefore(ctx, d)
	}
	if d.Status != club.Published {
		return nil
	}
	if d.RemoteID != "" && was.RemoteID == "" && d.Part == 0 {
		if err := t.measureFirst(ctx, d); err != nil {
			return err
		}
	}
	if was.Status != club.Published && (d.RemoteID == "" || d.RemoteURL == "") {
		return t.addWork(ctx, ofDelivery(WorkLink, d, t.now))
	}
	return nil
}

func (t *tx) keepTimeline(ctx context.Context, _, d Delivery, ch club.Change, f Facts) error {
	for _, n := range ch.Timeline {
		t.addEvent(d.PostID, d.ID, f.PersonID, n)
	}
	if ch.Notice == "" {
		return nil
	}
	var author int64
	if err := t.QueryRowContext(ctx, `SELECT author_id FROM posts WHERE id = ?`, d.PostID).Scan(&author); err != nil {
		return err
	}
	if ch.Notice == club.NoticeUnsure { // one for what an account sent in the same hour
		return t.notify(ctx, notice{
			clubID: d.ClubID, author: author, kind: ch.Notice, connectionID: d.ConnectionID,
			key: fmt.Sprintf("%s:%d:%s:%s", ch.Notice, d.ConnectionID, d.Phase, d.UnknownSince.UTC().Format("2006010215")),
		})
	}
	return t.notify(ctx, notice{
		clubID: d.ClubID, author: author, kind: ch.Notice, postID: d.PostID, connectionID: d.ConnectionID,
		key:  fmt.Sprintf("%s:%s:%d", ch.Notice, d.ID, d.Version),
		args: map[string]string{"code": d.Code},
	})
}

// keepRecord writes into the audit log what became public (rule W11).
func (t *tx) keepRecord(ctx context.Context, was, d Delivery, _ club.Change, f Facts) error {
	if d.Status != club.Published || was.Status == club.Published {
		return nil
	}
	return t.audit(ctx, Scope{d.ClubID, f.PersonID}, "post_published", fmt.Sprintf("%d on connection %d %s", d.PostID, d.ConnectionID, d.RemoteID), "engine")
}
