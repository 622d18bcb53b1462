package planning

import (
	"context"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// Request is a post that somebody wants on the calendar.
type Request struct {
	// Change is what the post shall say; its Slot is set by Wish.
	Change store.PostChange
	Wish   Wish
	// Stored is the post as it is; nil for a new one.
	Stored *store.Post
	// Material is what the content refers to, where that was read already.
	Material *Material
}

// plan is what the request comes down to.
func (r Request) plan(by Actor, slot club.Slot) Plan {
	p := Plan{PostID: r.Change.ID, Practice: by.Practice, Content: r.Change.Content, Slot: slot}
	if r.Stored != nil {
		p.Practice, p.Public = r.Stored.Practice, PublicOn(*r.Stored)
	}
	return p
}

// slotOf is when a post is to go out. A time that it has already stays, also when
// it has passed and only a part is left.
func (d Desk) slotOf(ctx context.Context, by Actor, r Request) (club.Slot, error) {
	slot, err := d.Resolve(ctx, by, r.Wish)
	switch {
	case err != nil && !slot.At.IsZero() && r.Stored != nil && r.Stored.Begun() && r.Stored.Planned.At.Equal(slot.At):
		return slot, nil
	case err == nil && slot.At.IsZero():
		return slot, club.Fault("date", KeyTimeMissing)
	}
	return slot, err
}

// Scheduled says what became of a request. If it is blocked, nothing was stored.
type Scheduled struct {
	Checked
	Saved store.SavedPost
}

// Schedule checks a post, saves it and puts it on the calendar: all, or nothing of
// it if something must be fixed first.
func (d Desk) Schedule(ctx context.Context, by Actor, r Request) (Scheduled, error) {
	all, err := d.ScheduleAll(ctx, by, []Request{r})
	if len(all) == 0 {
		return Scheduled{}, err
	}
	return all[0], err
}

// ScheduleAll is Schedule for several posts, each by itself: one that is blocked
// keeps no other back. They are checked together. Where one cannot be stored, it
// returns what became of those before it, and of that one what was found.
func (d Desk) ScheduleAll(ctx context.Context, by Actor, all []Request) ([]Scheduled, error) {
	if err := by.needs(club.SchedulePosts); err != nil {
		return nil, err
	}
	plans := make([]Plan, 0, len(all))
	faults := make([]error, 0, len(all))
	for _, r := range all {
		slot, err := d.slotOf(ctx, by, r)
		if err != nil && club.CodeOf(err) != club.Invalid {
			return nil, err
		}
		plans, faults = append(plans, r.plan(by, slot)), append(faults, err)
	}
	prepared, err := d.prepareAll(ctx, by.ClubID, all, plans)
	if err != nil {
		return nil, err
	}
	out := make([]Scheduled, 0, len(all))
	for i, r := range all {
		s := Scheduled{Checked: Checked{prepared[i], Check(prepared[i], faults[i])}}
		if !s.Blocked() {
			r.Change.Slot = prepared[i].Slot
			s.Saved, err = d.DB.SchedulePost(ctx, by.Scope, r.Change, by.Origin)
		}
		out = append(out, s)
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

// prepareAll prepares the plans of requests, and reads what they refer to where
// nobody has yet.
func (d Desk) prepareAll(ctx context.Context, clubID int64, all []Request, plans []Plan) ([]Prepared, error) {
	var unread []Plan
	for i, r := range all {
		if r.Material == nil {
			unread = append(unread, plans[i])
		}
	}
	var read *Material
	if len(unread) > 0 {
		var err error
		if read, err = d.Material(ctx, clubID, unread...); err != nil {
			return nil, err
		}
	}
	out := make([]Prepared, 0, len(plans))
	for i, r := range all {
		m := r.Material
		if m == nil {
			m = read
		}
		out = append(out, m.Prepare(plans[i]))
	}
	return out, nil
}

// BackToDraft takes a scheduled post back to a draft: the undo of scheduling.
func (d Desk) BackToDraft(ctx context.Context, by Actor, post int64) error {
	if err := by.needs(club.SchedulePosts); err != nil {
		return err
	}
	return d.DB.BackToDraft(ctx, by.Scope, post, by.Origin)
}
