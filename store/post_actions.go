package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/bandstand-app/bandstand/internal/club"
)

// ThrowAwayPending drops changes to a scheduled post that were not taken over.
func (db *DB) ThrowAwayPending(ctx context.Context, s Scope, id, version int64) error {
	return db.inTx(ctx, func(tx *tx) error {
		p, err := tx.postState(ctx, s, id)
		if err != nil {
			return err
		}
		if p.version != version {
			return tx.conflict(ctx, s, id)
		}
		if err := mustChange(tx.ExecContext(ctx, `DELETE FROM revisions WHERE post_id = ? AND state = 'pending'`, id)); err != nil {
			return fmt.Errorf("throw away changes of post %d: %w", id, err)
		}
		if err := tx.linkMedia(ctx, id); err != nil {
			return err
		}
		tx.addEvent(id, "", s.PersonID, club.Note{Kind: NoteThrown})
		_, err = tx.postChanged(ctx, s, id, "")
		return err
	})
}

// DuplicatePost makes a draft with the content of another post: without its
// time, and without accounts that cannot be used in the club's present mode.
func (db *DB) DuplicatePost(ctx context.Context, s Scope, id int64, op string) (int64, error) {
	var made int64
	err := db.inTx(ctx, func(tx *tx) error {
		result, err := tx.once(ctx, s.PersonID, opDuplicate, op, func() (string, error) {
			n, err := tx.duplicate(ctx, s, id)
			return strconv.FormatInt(n, 10), err
		})
		if err != nil {
			return err
		}
		made, err = strconv.ParseInt(result, 10, 64)
		return err
	})
	return made, err
}

func (t *tx) duplicate(ctx context.Context, s Scope, id int64) (int64, error) {
	was, err := readPost(ctx, t, s, id)
	if err != nil {
		return 0, err
	}
	c := PostChange{Content: was.Content(), Note: was.Note, Campaign: was.CampaignID}
	usable, err := queryAll(ctx, t, scanValue[int64], `
		SELECT n.id FROM connections n JOIN clubs c ON c.id = n.club_id
		WHERE n.club_id = ? AND n.practice = c.practice AND n.health <> 'disconnected' AND n.id IN (SELECT value FROM json_each(?))`,
		s.ClubID, jsonOf(c.Content.Accounts))
	if err != nil {
		return 0, fmt.Errorf("find accounts of post %d: %w", id, err)
	}
	c.Content.Accounts = usable
	saved, err := t.savePost(ctx, s, c)
	if err != nil {
		return 0, err
	}
	t.addEvent(saved.ID, "", s.PersonID, club.Note{Kind: NoteCopied, Args: map[string]string{"post": strconv.FormatInt(id, 10)}})
	return saved.ID, nil
}

// DeletePost takes a post off every page of Bandstand; what is public stays
// public. Deliveries that are not final are cancelled. While one is being
// published the error has code club.Conflict.
func (db *DB) DeletePost(ctx context.Context, s Scope, id int64, origin string) error {
	err := db.inTx(ctx, func(tx *tx) error {
		p, err := readPost(ctx, tx, s, id)
		if err != nil {
			return err
		}
		if p.Status() == club.Publishing {
			return club.ErrBeingSent
		}
		if err := tx.cancelPost(ctx, s, id); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE posts SET deleted_at = ?, op = NULL WHERE id = ?`, ms(tx.now), id)
		if err != nil {
			return fmt.Errorf("delete post %d: %w", id, err)
		}
		if _, err := tx.postChanged(ctx, s, id, ""); err != nil {
			return err
		}
		return tx.audit(ctx, s, "post_deleted", strconv.FormatInt(id, 10)+" "+p.Excerpt, origin)
	})
	if err == nil {
		db.signal()
	}
	return err
}

// SchedulePost saves a post and puts it on the calendar at its Slot, in one
// transaction. Of a post that is scheduled already it takes the changes over:
// what is not public yet goes out with the new content, and at the new time if
// there is one. club.ErrBeingSent: a part of it is on its way. A request that
// comes again, because its answer was lost, changes nothing more.
func (db *DB) SchedulePost(ctx context.Context, s Scope, c PostChange, origin string) (SavedPost, error) {
	c.Asked = true
	var saved SavedPost
	err := db.inTx(ctx, func(tx *tx) error {
		result, err := tx.once(ctx, s.PersonID, opSchedule, c.Request, func() (string, error) {
			var err error
			saved, err = tx.saveAndSchedule(ctx, s, c, origin)
			return strconv.FormatInt(saved.ID, 10), err
		})
		if err != nil || saved.ID != 0 {
			return err
		}
		if saved.ID, err = strconv.ParseInt(result, 10, 64); err != nil {
			return fmt.Errorf("read what was scheduled: %w", err)
		}
		p, err := tx.postState(ctx, s, saved.ID)
		saved.Version, saved.Begun, saved.At = p.version, p.begun, tx.now
		return err
	})
	if err == nil {
		db.signal()
	}
	return saved, err
}

func (t *tx) saveAndSchedule(ctx context.Context, s Scope, c PostChange, origin string) (SavedPost, error) {
	saved, err := t.savePost(ctx, s, c)
	if err != nil {
		return saved, err
	}
	c.Content = c.Content.Normal()
	if saved.Begun {
		if err := t.takeOver(ctx, s, saved.ID, c); err != nil {
			return saved, err
		}
		saved.Pending = false
	}
	due := c.Slot.At
	if due.Before(t.now) {
		due = t.now
	}
	if err := t.schedulePost(ctx, s, saved.ID, due); err != nil {
		return saved, err
	}
	return saved, t.audit(ctx, s, "post_scheduled", strconv.FormatInt(saved.ID, 10)+" "+c.Slot.Local+" "+c.Slot.Zone, origin)
}

// takeOver makes the pending revision of a post the live one.
func (t *tx) takeOver(ctx context.Context, s Scope, id int64, c PostChange) error {
	was, err := readPost(ctx, t, s, id)
	if err != nil {
		return err
	}
	if err := t.promotePending(ctx, s, was); err != nil {
		return err
	}
	if err := t.plan(ctx, id, c); err != nil {
		return err
	}
	if err := t.syncDeliveries(ctx, s, id, c.Content); err != nil {
		return err
	}
	if !was.Planned.At.Equal(c.Slot.At) {
		return t.retimePost(ctx, s, id, c.Slot.At, terms{})
	}
	if was.Pending == nil {
		return nil
	}
	return t.editPost(ctx, s, id)
}

// promotePending makes the pending revision of a post, if it has one, the live
// one.
func (t *tx) promotePending(ctx context.Context, s Scope, p Post) error {
	if p.Pending == nil {
		return nil
	}
	if err := p.keepsPublic(); err != nil {
		return err
	}
	for _, move := range []struct{ from, to string }{{"live", "earlier"}, {"pending", "live"}} {
		_, err := t.ExecContext(ctx, `UPDATE revisions SET state = ? WHERE post_id = ? AND state = ?`, move.to, p.ID, move.from)
		if err != nil {
			return fmt.Errorf("take over changes of post %d: %w", p.ID, err)
		}
	}
	if err := t.linkMedia(ctx, p.ID); err != nil {
		return err
	}
	t.addEvent(p.ID, "", s.PersonID, club.Note{Kind: NoteTakenOver})
	return nil
}

// keepsPublic refuses changes that would move parts which are public on some account.
func (p Post) keepsPublic() error {
	public := map[int64]int{}
	for _, d := range p.Deliveries {
		if d.Part > 0 && d.Status == club.Published {
			public[d.ConnectionID]++
		}
	}
	for connection, parts := range public {
		if !p.Live.Content.Keeps(p.Pending.Content, connection, parts) {
			return &club.Error{Code: club.Conflict, Key: "part_public_stays"}
		}
	}
	return nil
}

// canGoBack tells whether a post is scheduled, or was put aside: nothing of what
// is not public is on its way, or may be.
func canGoBack(p Post) bool {
	if p.Status() != club.NeedsAttention {
		return p.Status() == club.Scheduled
	}
	return !slices.ContainsFunc(p.Deliveries, func(d PostDelivery) bool {
		return d.Status == club.NeedsAttention && !slices.Contains(club.PutAside, d.Phase)
	})
}

// followsPublic reports whether a part is still to go out after one that is public: as
// a draft it would be out of sight, below a post that is published.
func (p Post) followsPublic() bool {
	public := map[int64]bool{}
	for _, d := range p.Deliveries {
		if d.Part == 0 && d.Status == club.Published {
			public[d.ConnectionID] = true
		}
	}
	return slices.ContainsFunc(p.Deliveries, func(d PostDelivery) bool {
		return d.Part > 0 && public[d.ConnectionID] && unpublished(d.Delivery)
	})
}

// BackToDraft takes a scheduled post off the calendar's schedule: it keeps its
// place there as a draft. club.ErrBeingSent: a part of it is on its way.
func (db *DB) BackToDraft(ctx context.Context, s Scope, id int64, origin string) error {
	return db.inTx(ctx, func(tx *tx) error {
		p, err := readPost(ctx, tx, s, id)
		if err != nil {
			return err
		}
		if p.followsPublic() {
			return &club.Error{Code: club.Conflict, Key: "part_public_draft"}
		}
		if !canGoBack(p) {
			return &club.Error{Code: club.Conflict, Key: "post_not_scheduled"}
		}
		if err := tx.cancelPost(ctx, s, id); err != nil {
			return err
		}
		if err := tx.promotePending(ctx, s, p); err != nil {
			return err
		}
		if err := tx.plan(ctx, id, PostChange{Content: p.Content(), Slot: p.Planned}); err != nil {
			return err
		}
		if err := tx.syncDeliveries(ctx, s, id, p.Content()); err != nil {
			return err
		}
		if _, err := tx.postChanged(ctx, s, id, ""); err != nil {
			return err
		}
		return tx.audit(ctx, s, "post_unscheduled", strconv.FormatInt(id, 10), origin)
	})
}
