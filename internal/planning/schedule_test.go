package planning_test

import (
	"slices"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/store"
)

// post reads a post as it is stored.
func (s *scene) post(id int64) store.Post {
	s.t.Helper()
	p, err := s.db.Post(s.t.Context(), s.Scope, id)
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

// planned schedules a post and returns it.
func (s *scene) planned(text string, accounts ...int64) store.Post {
	s.t.Helper()
	got, err := s.desk.Schedule(s.t.Context(), s.as(club.Admin), request(text, accounts...))
	if err != nil || got.Blocked() {
		s.t.Fatal(err, codes(got.Findings))
	}
	return s.post(got.Saved.ID)
}

// TestOneBlockedPostKeepsNoOtherBack: a season is scheduled but for what must be
// mended first.
func TestOneBlockedPostKeepsNoOtherBack(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	brass := s.account("brass")
	late := request("Late", brass)
	late.Wish.Date = "2026-11-20"
	timeless := request("Some day", brass)
	timeless.Wish = planning.Wish{Choice: planning.AtNoTime}
	all, err := s.desk.ScheduleAll(t.Context(), s.as(club.Publisher), []planning.Request{request("Trials", brass), request("Nowhere"), late, timeless, request("Final", brass)})
	if err != nil || len(all) != 5 {
		t.Fatalf("%d answers, %v", len(all), err)
	}
	for i, want := range []string{"", planning.CodeNoAccount, planning.KeyTimePast, planning.KeyTimeMissing, ""} {
		got := ""
		if j := slices.IndexFunc(all[i].Findings, func(f planning.Finding) bool { return f.Severity == "must_fix" }); j >= 0 {
			got = all[i].Findings[j].Code
		}
		if got != want || (all[i].Saved.ID != 0) != (want == "") {
			t.Errorf("post %d: %q, stored as %d; want %q", i, got, all[i].Saved.ID, want)
		}
	}
	p := s.post(all[4].Saved.ID)
	if p.Status() != club.Scheduled || !p.Planned.At.Equal(tomorrow) || p.Planned.Zone != "Europe/Dublin" {
		t.Errorf("the last one is %s at %v", p.Status(), p.Planned)
	}
}

func TestSchedulingAgainKeepsATimeThatPassed(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	brass, wood := s.account("brass"), s.account("wood")
	p := s.planned("Trials", brass, wood)
	s.Exec(`UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', remote_id = 'r', published_at = due_at WHERE connection_id = ?`, brass)
	s.clock.Advance(48 * time.Hour)
	p = s.post(p.ID)
	r := request("Trials are off", brass, wood)
	r.Change.ID, r.Change.Version, r.Stored = p.ID, p.Version, &p
	got, err := s.desk.Schedule(t.Context(), s.as(club.Admin), r)
	if err != nil || got.Blocked() || len(got.Drafts) != 1 {
		t.Fatalf("%v, %v, %d drafts", err, codes(got.Findings), len(got.Drafts))
	}
	r.Wish.Clock, r.Change.Version = "18:29", got.Saved.Version
	if got, err := s.desk.Schedule(t.Context(), s.as(club.Admin), r); err != nil || !got.Blocked() {
		t.Errorf("another time in the past: %v, %v", err, codes(got.Findings))
	}
}

// TestWhoMayNotPlanIsRefused: the layer asks itself, whoever calls it.
func TestWhoMayNotPlanIsRefused(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	brass := s.account("brass")
	p := s.planned("Trials", brass)
	d := p.Deliveries[0].ID
	moving, err := s.db.MovingPost(t.Context(), s.Scope, p.ID)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range []club.Role{club.Writer, club.Viewer} {
		by, ctx := s.as(role), t.Context()
		for what, do := range map[string]func() error{
			"schedule": func() error { _, err := s.desk.Schedule(ctx, by, request("Final", brass)); return err },
			"move": func() error {
				_, err := s.desk.Move(ctx, by, planning.MoveRequest{Post: moving, Version: moving.Version, Op: "op", Wish: request("").Wish})
				return err
			},
			"draft": func() error { return s.desk.BackToDraft(ctx, by, p.ID) },
			"answer": func() error {
				_, err := s.desk.Answer(ctx, by, planning.Answer{Kind: club.PersonCancels}, p.ID, d)
				return err
			},
			"decide": func() error {
				_, err := s.desk.Decide(ctx, by, &planning.Waiting{Phase: club.Late, Parts: []store.WaitingDelivery{{ID: d, PostID: p.ID}}}, planning.MakeItDraft)
				return err
			},
			"release": func() error { return s.desk.Release(ctx, by, club.Held) },
		} {
			if err := do(); club.CodeOf(err) != club.Forbidden {
				t.Errorf("a %s may %s: %v", role, what, err)
			}
		}
	}
	if err := s.desk.Release(t.Context(), s.as(club.Publisher), club.Clone); club.CodeOf(err) != club.Forbidden {
		t.Errorf("a publisher answers what Bandstand is in doubt about: %v", err)
	}
	if got := s.post(p.ID); got.Version != p.Version || got.Status() != club.Scheduled {
		t.Errorf("the post is %s in version %d", got.Status(), got.Version)
	}
}

func TestBackToDraftKeepsThePlaceOnTheCalendar(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	p := s.planned("Trials", s.account("brass"))
	if err := s.desk.BackToDraft(t.Context(), s.as(club.Publisher), p.ID); err != nil {
		t.Fatal(err)
	}
	if got := s.post(p.ID); got.Status() != club.Draft || !got.Planned.At.Equal(tomorrow) {
		t.Errorf("the post is %s at %v", got.Status(), got.Planned.At)
	}
}
