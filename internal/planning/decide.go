package planning

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// Answer is a person's decision on deliveries of one post that failed or need
// attention.
type Answer struct {
	Kind club.EventKind // as in store.Answer
	URL  string         // with club.PersonFinds: where the post is, if that was said
	Wish Wish           // with club.PersonRetimes
}

// Answer carries out a decision on all of the deliveries, or on none. What is to be
// sent now is checked first: if that is blocked, nothing was done.
func (d Desk) Answer(ctx context.Context, by Actor, a Answer, post int64, deliveries ...string) (Checked, error) {
	if err := by.needs(club.SchedulePosts); err != nil {
		return Checked{}, err
	}
	decision := store.Answer{Kind: a.Kind, URL: a.URL}
	switch a.Kind {
	case club.PersonRetimes:
		slot, err := d.Resolve(ctx, by, a.Wish)
		if err == nil && slot.At.IsZero() {
			err = club.Fault("date", KeyTimeMissing)
		}
		if err != nil {
			return Checked{}, err
		}
		decision.Due = slot.At
	case club.PersonSendsNow:
		if c, err := d.checkStored(ctx, by, post, deliveries); err != nil || c.Blocked() {
			return c, err
		}
	}
	return Checked{}, d.DB.Answer(ctx, by.Scope, decision, by.Origin, deliveries...)
}

// checkStored checks a post as it is stored, for some of its deliveries alone.
func (d Desk) checkStored(ctx context.Context, by Actor, post int64, deliveries []string) (Checked, error) {
	p, err := d.DB.Post(ctx, by.Scope, post)
	if err != nil {
		return Checked{}, err
	}
	prepared, err := d.Drafts(ctx, by.ClubID, []Plan{PlanOf(p)})
	if err != nil {
		return Checked{}, err
	}
	c := Checked{Prepared: prepared[0]}
	for _, f := range Check(c.Prepared, nil) {
		asked := slices.ContainsFunc(p.Deliveries, func(x store.PostDelivery) bool {
			return x.ConnectionID == f.Connection && slices.Contains(deliveries, x.ID)
		})
		if asked {
			c.Findings = append(c.Findings, f)
		}
	}
	return c, nil
}

// Waiting is a post of which something was put aside for one reason, or of which
// nobody knows whether it is public.
type Waiting struct {
	Phase club.Phase // of club.PutAside, or club.Ambiguous
	Parts []store.WaitingDelivery
}

// PostID is the post.
func (w *Waiting) PostID() int64 { return w.Parts[0].PostID }

// Deliveries are the ids of the parts.
func (w *Waiting) Deliveries() []string {
	ids := make([]string, 0, len(w.Parts))
	for _, p := range w.Parts {
		ids = append(ids, p.ID)
	}
	return ids
}

// nextFree is the wish for the next time at which the accounts are free, at the
// time of day for which the post was planned.
func (w *Waiting) nextFree(zone string) Wish {
	wish := Wish{Choice: AtNextFree, PostID: w.PostID()}
	for _, p := range w.Parts {
		wish.Accounts = append(wish.Accounts, p.ConnectionID)
	}
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	wish.Clock = w.Parts[0].Planned.At.In(loc).Format("15:04")
	return wish
}

// FreeFor finds the next free time of each of these posts, with one query for all of
// them.
func (d Desk) FreeFor(ctx context.Context, by Actor, list ...*Waiting) ([]club.Slot, error) {
	wishes := make([]Wish, 0, len(list))
	var accounts []int64
	for _, w := range list {
		wish := w.nextFree(by.Zone)
		wishes, accounts = append(wishes, wish), append(accounts, wish.Accounts...)
	}
	slices.Sort(accounts)
	others, err := d.others(ctx, by, slices.Compact(accounts))
	if err != nil {
		return nil, err
	}
	now := d.Now()
	slots := make([]club.Slot, 0, len(list))
	for _, w := range wishes {
		slot, err := nextFree(by.Zone, w.Clock, taken(others, w.PostID, w.Accounts), now)
		if err != nil {
			return nil, err
		}
		slots = append(slots, slot)
	}
	return slots, nil
}

// Waiting lists what waits for decisions in the actor's club, by reason and post,
// in the order in which it was due. Where it is not known whether a post is public,
// each account is asked about by itself.
func (d Desk) Waiting(ctx context.Context, by Actor) ([]*Waiting, error) {
	all, err := d.DB.Waiting(ctx, by.Scope)
	if err != nil {
		return nil, err
	}
	type key struct {
		phase         club.Phase
		post, account int64
	}
	known := map[key]*Waiting{}
	var list []*Waiting
	for _, p := range all {
		k := key{phase: p.Phase, post: p.PostID}
		if p.Phase == club.Ambiguous || p.Phase == club.Reconciling {
			k.phase, k.account = club.Ambiguous, p.ConnectionID
		}
		w := known[k]
		if w == nil {
			w = &Waiting{Phase: k.phase}
			known[k], list = w, append(list, w)
		}
		w.Parts = append(w.Parts, p)
	}
	return list, nil
}

// Decision is what becomes of a post that waits.
type Decision string

// The decisions.
const (
	ItIsThere   Decision = "there"
	SendNow     Decision = "now"
	SendAtFree  Decision = "free"
	MakeItDraft Decision = "draft"
)

// Decisions lists them.
var Decisions = []Decision{ItIsThere, SendNow, SendAtFree, MakeItDraft}

// Decide carries out a decision on a post that waits. If what is to be sent now is
// blocked, nothing was done. A post that may be public already is neither sent at
// another time nor made a draft: club.ErrBeingSent.
func (d Desk) Decide(ctx context.Context, by Actor, w *Waiting, what Decision) (Checked, error) {
	if err := by.needs(club.SchedulePosts); err != nil {
		return Checked{}, err
	}
	unsure := w.Phase == club.Ambiguous
	switch {
	case what == ItIsThere:
		return d.Answer(ctx, by, Answer{Kind: club.PersonFinds}, w.PostID(), w.Deliveries()...)
	case what == SendNow && unsure: // what is sent is what was sent before
		return d.Answer(ctx, by, Answer{Kind: club.PersonMisses}, w.PostID(), w.Deliveries()...)
	case what == SendNow:
		return d.Answer(ctx, by, Answer{Kind: club.PersonSendsNow}, w.PostID(), w.Deliveries()...)
	case unsure:
		return Checked{}, club.ErrBeingSent
	case what == SendAtFree:
		return Checked{}, d.moveToFree(ctx, by, w)
	case what == MakeItDraft:
		return Checked{}, d.BackToDraft(ctx, by, w.PostID())
	}
	return Checked{}, club.ErrNotFound
}

func (d Desk) moveToFree(ctx context.Context, by Actor, w *Waiting) error {
	slot, err := d.Resolve(ctx, by, w.nextFree(by.Zone))
	if err != nil {
		return err
	}
	version := w.Parts[0].PostVersion
	_, err = d.DB.MovePost(ctx, by.Scope, store.Move{
		PostID: w.PostID(), Version: version, Op: fmt.Sprintf("waiting-%d-%d", w.PostID(), version), To: slot, Role: by.Role, Via: "waiting",
	}, by.Origin)
	if errors.Is(err, store.ErrStale) {
		return &club.Error{Code: club.Conflict, Key: "error_delivery_moved", Err: err}
	}
	return err
}

// Release lets posts go out again, after a hold of people or by the answer to a
// doubt.
func (d Desk) Release(ctx context.Context, by Actor, phase club.Phase) error {
	if err := by.needs(club.SchedulePosts); err != nil {
		return err
	}
	if !club.MayEndHold(by.Role, phase) {
		return club.NotAllowed(club.ManageClub)
	}
	return d.DB.EndHold(ctx, by.Scope, phase, by.Origin)
}
