package planning_test

import (
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/store"
)

// moving reads a post that is to be moved.
func (s *scene) moving(id int64) store.MovingPost {
	s.t.Helper()
	p, err := s.db.MovingPost(s.t.Context(), s.Scope, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func TestWhatBecomesOfAMove(t *testing.T) {
	t.Parallel()
	other := planning.Wish{Choice: planning.AtTime, Date: "2026-11-27"} // keeps its time of day
	for name, tt := range map[string]struct {
		before string // statement
		change func(*planning.MoveRequest)
		want   planning.MoveOutcome
		code   club.Code
		local  string // of the post afterwards
	}{
		"moved":             {want: planning.Done, local: "2026-11-27T18:30"},
		"off the calendar":  {change: func(r *planning.MoveRequest) { r.Wish = planning.Wish{Choice: planning.AtNoTime} }, want: planning.Done},
		"there already":     {change: func(r *planning.MoveRequest) { r.Wish.Date = "2026-11-24" }, want: planning.Same, local: "2026-11-24T18:30"},
		"into the past":     {change: func(r *planning.MoveRequest) { r.Wish.Date = "2026-11-20" }, code: club.Invalid, local: "2026-11-24T18:30"},
		"of an old version": {change: func(r *planning.MoveRequest) { r.Version-- }, want: planning.Stale, local: "2026-11-24T18:30"},
		"of what failed":    {before: `UPDATE deliveries SET status = 'FAILED', phase = 'rejected', next_at = NULL`, want: planning.Asks, local: "2026-11-24T18:30"},
		"of what failed, asked": {
			before: `UPDATE deliveries SET status = 'FAILED', phase = 'rejected', next_at = NULL`,
			change: func(r *planning.MoveRequest) { r.Again = true }, want: planning.Done, local: "2026-11-27T18:30",
		},
		"of what is on its way": {before: `UPDATE deliveries SET status = 'PUBLISHING', phase = 'sending'`, code: club.Conflict, local: "2026-11-24T18:30"},
		"of what is out":        {before: `UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', remote_id = 'r', next_at = NULL`, code: club.Conflict, local: "2026-11-24T18:30"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			p := s.planned("Trials", s.account("brass"))
			if tt.before != "" {
				s.Exec(tt.before)
			}
			r := planning.MoveRequest{Post: s.moving(p.ID), Version: p.Version, Op: "op", Wish: other, Via: "page"}
			if tt.change != nil {
				tt.change(&r)
			}
			got, err := s.desk.Move(t.Context(), s.as(club.Publisher), r)
			if club.CodeOf(err) != tt.code || err == nil && got.Outcome != tt.want {
				t.Errorf("outcome %d, %v; want %d, %q", got.Outcome, err, tt.want, tt.code)
			}
			if is := s.post(p.ID).Planned.Local; is != tt.local {
				t.Errorf("the post is at %q, want %q", is, tt.local)
			}
		})
	}
}

// TestAMoveWhoseAnswerWasLostIsAnsweredAgain: it is not done twice, and not
// mistaken for one that came too late.
func TestAMoveWhoseAnswerWasLostIsAnsweredAgain(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	by := s.as(club.Publisher)
	p := s.planned("Trials", s.account("brass"))
	r := planning.MoveRequest{Post: s.moving(p.ID), Version: p.Version, Op: "op", Wish: planning.Wish{Choice: planning.AtTime, Date: "2026-11-27"}}
	first, err := s.desk.Move(t.Context(), by, r)
	if err != nil || first.Outcome != planning.Done {
		t.Fatal(first.Outcome, err)
	}
	r.Post = s.moving(p.ID)
	again, err := s.desk.Move(t.Context(), by, r)
	if err != nil || again.Outcome != planning.Done || again.Moved != first.Moved || s.post(p.ID).Version != first.Moved.Version {
		t.Errorf("again: %+v, %v; at first %+v", again, err, first.Moved)
	}
	r.Op = "another"
	if got, err := s.desk.Move(t.Context(), by, r); err != nil || got.Outcome != planning.Stale {
		t.Errorf("another move of the old version: %d, %v", got.Outcome, err)
	}
}

// TestAMoveThatTheEngineOvertookSaysSo: the post was read before its publishing
// began.
func TestAMoveThatTheEngineOvertookSaysSo(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	p := s.planned("Trials", s.account("brass"))
	r := planning.MoveRequest{Post: s.moving(p.ID), Version: p.Version, Op: "op", Wish: planning.Wish{Choice: planning.AtTime, Date: "2026-11-27"}}
	s.Exec(`UPDATE deliveries SET status = 'PUBLISHING', phase = 'sending'`)
	if _, err := s.desk.Move(t.Context(), s.as(club.Publisher), r); club.CodeOf(err) != club.Conflict {
		t.Errorf("moved: %v", err)
	}
	s.Exec(`UPDATE posts SET version = version + 1`)
	s.Exec(`UPDATE deliveries SET status = 'SCHEDULED', phase = 'waiting'`)
	got, err := s.desk.Move(t.Context(), s.as(club.Publisher), r)
	if err != nil || got.Outcome != planning.Stale || got.Post.Version != p.Version+1 {
		t.Errorf("outcome %d, post of version %d, %v", got.Outcome, got.Post.Version, err)
	}
}
