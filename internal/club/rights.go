package club

// needs is the action that a role must be able to do, for one's own post and for
// anybody's. No action: nobody may.
type needs struct{ own, any Action }

var (
	authors  = needs{own: WritePosts, any: SchedulePosts} // writers with their own, publishers with all
	planners = needs{own: SchedulePosts, any: SchedulePosts}
	nobody   = needs{}
)

// postRights is the one table of who may do what with a post, by its status.
// What somebody types in an editor that is open already is kept whatever happens
// to the post meanwhile.
var postRights = map[Status]struct{ edit, keep, move, remove needs }{
	Draft:          {edit: authors, keep: authors, move: authors, remove: authors},
	Scheduled:      {edit: authors, keep: authors, move: planners, remove: planners},
	Publishing:     {edit: authors, keep: authors, move: nobody, remove: nobody}, // edits wait until they are taken over
	Published:      {edit: nobody, keep: authors, move: nobody, remove: planners},
	Failed:         {edit: authors, keep: authors, move: planners, remove: planners},
	NeedsAttention: {edit: authors, keep: authors, move: planners, remove: planners},
}

// MayEdit reports whether a role may open a post in the editor. own: the person
// wrote it.
func MayEdit(r Role, own bool, s Status) bool { return r.meets(postRights[s].edit, own) }

// MayKeep reports whether what a role typed into an open editor is kept.
func MayKeep(r Role, own bool, s Status) bool { return r.meets(postRights[s].keep, own) }

// MayMove reports whether a role may give a post another time, or none.
func MayMove(r Role, own bool, s Status) bool { return r.meets(postRights[s].move, own) }

// MayDelete reports whether a role may take a post off every page.
func MayDelete(r Role, own bool, s Status) bool { return r.meets(postRights[s].remove, own) }

func (r Role) meets(n needs, own bool) bool {
	return n.any != "" && r.Can(n.any) || own && n.own != "" && r.Can(n.own)
}

// MayEndHold reports whether a role may let posts go out again: what Bandstand is
// in doubt about is for admins to answer.
func MayEndHold(r Role, phase Phase) bool {
	if phase == Restored || phase == Clone || phase == ClockInDoubt {
		return r.Can(ManageClub)
	}
	return r.Can(SchedulePosts)
}
