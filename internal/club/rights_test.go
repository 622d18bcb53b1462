package club

import (
	"slices"
	"testing"
)

// TestRightsToAPost writes out who may do what with a post: for each right and
// status, the roles that may with anybody's post, and those that may with their
// own alone.
func TestRightsToAPost(t *testing.T) {
	t.Parallel()
	type roles struct{ any, own []Role }
	publishers, writers := []Role{Admin, Publisher}, []Role{Writer}
	own := roles{publishers, writers}
	all := roles{any: publishers}
	for _, tt := range []struct {
		right string
		may   func(Role, bool, Status) bool
		want  map[Status]roles
	}{
		{"edit", MayEdit, map[Status]roles{Draft: own, Scheduled: own, Publishing: own, Published: {}, Failed: own, NeedsAttention: own}},
		{"keep", MayKeep, map[Status]roles{Draft: own, Scheduled: own, Publishing: own, Published: own, Failed: own, NeedsAttention: own}},
		{"move", MayMove, map[Status]roles{Draft: own, Scheduled: all, Publishing: {}, Published: {}, Failed: all, NeedsAttention: all}},
		{"delete", MayDelete, map[Status]roles{Draft: own, Scheduled: all, Publishing: {}, Published: all, Failed: all, NeedsAttention: all}},
	} {
		// No post has the status CANCELLED, and no person a role that is not listed.
		for _, s := range []Status{Draft, Scheduled, Publishing, Published, Failed, NeedsAttention, Cancelled} {
			for _, r := range append(slices.Clone(Roles), "owner", "") {
				any := slices.Contains(tt.want[s].any, r)
				if got := tt.may(r, false, s); got != any {
					t.Errorf("%s, %s post of somebody else: %q may: %v, want %v", tt.right, s, r, got, any)
				}
				mine := any || slices.Contains(tt.want[s].own, r)
				if got := tt.may(r, true, s); got != mine {
					t.Errorf("%s, own %s post: %q may: %v, want %v", tt.right, s, r, got, mine)
				}
			}
		}
	}
}

// TestAMoveIsRefusedWhereThereIsNoRight holds the reasons to the table: whoever
// is refused has no right, and whoever has one is not refused.
func TestAMoveIsRefusedWhereThereIsNoRight(t *testing.T) {
	t.Parallel()
	statuses := []Status{Draft, Scheduled, Publishing, Published, Failed, NeedsAttention, Cancelled}
	for _, r := range Roles {
		for _, own := range []bool{true, false} {
			for _, a := range statuses {
				for _, b := range statuses {
					w := MoveWish{Role: r, Own: own, Deliveries: []Status{a, b}}
					err := w.Check()
					if may := MayMove(r, own, PostStatus(w.Deliveries)); may != (err == nil) {
						t.Errorf("%s, own %v, %s and %s: may move: %v, but %v", r, own, a, b, may, err)
					}
				}
			}
		}
	}
}

func TestWhoMayEndAHold(t *testing.T) {
	t.Parallel()
	for phase, want := range map[Phase][]Role{
		Held: {Admin, Publisher}, Restored: {Admin}, Clone: {Admin}, ClockInDoubt: {Admin},
	} {
		for _, r := range Roles {
			if got := MayEndHold(r, phase); got != slices.Contains(want, r) {
				t.Errorf("%s may end a hold in phase %s: %v", r, phase, got)
			}
		}
	}
}
