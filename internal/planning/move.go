package planning

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// MoveRequest asks for another place on the calendar for a post.
type MoveRequest struct {
	Post    store.MovingPost // as it is
	Version int64            // of the post as the person saw it
	Op      string           // key of the request: the same key never moves twice
	Wish    Wish             // AtNoTime: off the calendar. Without a time of day the post keeps its own
	Again   bool             // what failed may be tried again
	Via     string           // "drag", "keys", "menu", "page", "waiting": for the record
}

// MoveOutcome says what became of a move that nobody refused.
type MoveOutcome int

// The outcomes. Only Done changed anything.
const (
	Done    MoveOutcome = iota
	Same                // the post is there already
	Asks                // something that failed would be sent again: ask first
	Stale               // somebody, or the engine, changed the post since the person saw it
	Deleted             // somebody deleted it
)

// MoveResult says what became of a move.
type MoveResult struct {
	Outcome MoveOutcome
	Post    store.MovingPost // as it is now
	Wish    Wish             // as it was understood, with its time of day as 18:30
	To      club.Slot        // what was wished for
	Moved   store.Moved      // with Done
	Fault   error            // with Stale: why the wish could not be granted anyhow, or nil
}

// Move gives a post another time, or none. A move that was done before, because its
// answer was lost, is answered as it was then. Errors: Forbidden and Conflict, if
// the post may not be moved; Invalid, if the wish cannot be granted.
func (d Desk) Move(ctx context.Context, by Actor, r MoveRequest) (MoveResult, error) {
	out := MoveResult{Post: r.Post, Wish: r.timed(by.Zone)}
	if r.Version != r.Post.Version {
		if done, err := d.movedBefore(ctx, by, r.Op, &out); done || err != nil {
			return out, err
		}
	}
	if r.Post.Deleted {
		out.Outcome = Deleted
		return out, nil
	}
	wish := r.Post.Wish(by.Role, by.PersonID)
	if err := wish.Check(); err != nil {
		return out, err
	}
	var fault error
	out.To, fault = d.Resolve(ctx, by, out.Wish)
	switch {
	case r.Version != r.Post.Version:
		out.Outcome, out.Fault = Stale, fault
		return out, nil
	case fault != nil:
		return out, fault
	case out.To.At.Equal(r.Post.Planned.At):
		out.Outcome = Same
		return out, nil
	case !out.To.At.IsZero() && !r.Again && wish.TriesAgain():
		out.Outcome = Asks
		return out, nil
	}
	return out, d.move(ctx, by, r, &out)
}

// movedBefore reports whether this very request was done before, and what it did:
// then the version is another one than it was for.
func (d Desk) movedBefore(ctx context.Context, by Actor, op string, out *MoveResult) (bool, error) {
	result, done, err := d.DB.OpResult(ctx, by.PersonID, store.OpMove, op)
	if !done || err != nil {
		return false, err
	}
	return true, json.Unmarshal([]byte(result), &out.Moved)
}

// timed is the wish with a time of day: if it has none, the post's own.
func (r MoveRequest) timed(zone string) Wish {
	w := r.Wish
	if w.Clock == "" {
		w.Clock = UsualClock
		if loc, err := time.LoadLocation(zone); err == nil && !r.Post.Planned.At.IsZero() {
			w.Clock = r.Post.Planned.At.In(loc).Format("15:04")
		}
	}
	if clock, err := club.ParseClock(w.Clock); err == nil {
		w.Clock = clock
	}
	return w
}

func (d Desk) move(ctx context.Context, by Actor, r MoveRequest, out *MoveResult) error {
	moved, err := d.DB.MovePost(ctx, by.Scope, store.Move{
		PostID: r.Post.ID, Version: r.Version, Op: r.Op, To: out.To, Role: by.Role, Via: r.Via,
	}, by.Origin)
	if errors.Is(err, store.ErrStale) {
		// Somebody, or the engine, was faster: what is true now decides.
		if out.Post, err = d.DB.MovingPost(ctx, by.Scope, r.Post.ID); err != nil {
			return err
		}
		out.Outcome = Stale
		return out.Post.Wish(by.Role, by.PersonID).Check()
	}
	if err != nil {
		return err
	}
	out.Moved = moved
	out.Post.Version, out.Post.Planned = moved.Version, moved.To
	return nil
}
