package club

import "slices"

// MoveWish is what decides whether a post may be given another time.
type MoveWish struct {
	Role       Role
	Own        bool // the person wrote the post
	Deliveries []Status
	Unsure     bool // of one delivery it is not known whether it is public
}

// Check says why the post may not be moved, or nil: Forbidden for somebody who
// may not, Conflict for a post that is on its way or out.
func (w MoveWish) Check() error {
	status := PostStatus(w.Deliveries)
	may := MayMove(w.Role, w.Own, status)
	switch {
	case !may && !w.Role.Can(SchedulePosts):
		return NotAllowed(SchedulePosts)
	case w.Unsure:
		return &Error{Code: Conflict, Key: "move_unsure"}
	case !may && status == Publishing:
		return &Error{Code: Conflict, Key: "move_too_late"}
	case !may:
		return &Error{Code: Conflict, Key: "move_published"}
	}
	return nil
}

// TriesAgain tells whether moving the post would send something again that
// went wrong: people are asked first.
func (w MoveWish) TriesAgain() bool {
	return slices.Contains(w.Deliveries, Failed) || slices.Contains(w.Deliveries, NeedsAttention)
}

// Public tells whether the post is out on some account: then it cannot leave
// the calendar.
func (w MoveWish) Public() bool { return slices.Contains(w.Deliveries, Published) }
