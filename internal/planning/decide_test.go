package planning_test

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/planning"
)

// TestWhatIsSentNowIsCheckedFirst: and for its account alone.
func TestWhatIsSentNowIsCheckedFirst(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	brass, wood := s.account("brass"), s.account("wood")
	p := s.planned("Trials", brass, wood)
	s.Exec(`UPDATE deliveries SET status = 'FAILED', phase = 'rejected', next_at = NULL`)
	s.Exec(`UPDATE connections SET health = 'reconnect' WHERE id = ?`, brass)
	by := s.as(club.Publisher)
	of := map[int64]string{}
	for _, d := range s.post(p.ID).Deliveries {
		of[d.ConnectionID] = d.ID
	}
	got, err := s.desk.Answer(t.Context(), by, planning.Answer{Kind: club.PersonSendsNow}, p.ID, of[brass])
	if err != nil || !got.Blocked() || got.Findings[0].Code != planning.CodeReconnect || s.post(p.ID).Status() != club.Failed {
		t.Errorf("a broken account: %v, %v, the post is %s", codes(got.Findings), err, s.post(p.ID).Status())
	}
	got, err = s.desk.Answer(t.Context(), by, planning.Answer{Kind: club.PersonSendsNow}, p.ID, of[wood])
	if err != nil || got.Blocked() {
		t.Errorf("the other account: %v, %v", codes(got.Findings), err)
	}
	for _, d := range s.post(p.ID).Deliveries {
		want := map[int64]club.Status{brass: club.Failed, wood: club.Scheduled}[d.ConnectionID]
		if d.Status != want || want == club.Scheduled && d.DueAt.After(s.clock.Now()) {
			t.Errorf("account %d: %s, due %v", d.ConnectionID, d.Status, d.DueAt)
		}
	}
}

// TestANewTimeOfAnAnswerMustExist: as everywhere.
func TestANewTimeOfAnAnswerMustExist(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	p := s.planned("Trials", s.account("brass"))
	s.Exec(`UPDATE deliveries SET status = 'FAILED', phase = 'rejected', next_at = NULL`)
	answer := func(w planning.Wish) error {
		_, err := s.desk.Answer(t.Context(), s.as(club.Publisher), planning.Answer{Kind: club.PersonRetimes, Wish: w}, p.ID, p.Deliveries[0].ID)
		return err
	}
	for _, w := range []planning.Wish{
		{Choice: planning.AtTime, Date: "2027-03-28", Clock: "01:30"},
		{Choice: planning.AtTime, Date: "2026-11-20", Clock: "01:30"},
		{Choice: planning.AtTime},
		{Choice: planning.AtNoTime},
	} {
		if err := answer(w); club.CodeOf(err) != club.Invalid {
			t.Errorf("%+v: %v", w, err)
		}
	}
	if err := answer(planning.Wish{Choice: planning.AtTime, Date: "2026-11-28", Clock: "9 am"}); err != nil {
		t.Fatal(err)
	}
	if d := s.post(p.ID).Deliveries[0]; !d.DueAt.Equal(time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("it is due %v", d.DueAt)
	}
}

// TestDecisionsOnWhatWaits: by reason and post, and by account where it is not
// known whether the post is public.
func TestDecisionsOnWhatWaits(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		phase  club.Phase
		what   planning.Decision
		groups int
		code   club.Code
		want   club.Status
		local  string
	}{
		"late, free":   {club.Late, planning.SendAtFree, 1, "", club.Scheduled, "2026-11-25T18:30"},
		"late, now":    {club.Late, planning.SendNow, 1, "", club.Publishing, "2026-11-24T18:30"},
		"late, draft":  {club.Late, planning.MakeItDraft, 1, "", club.Draft, "2026-11-24T18:30"},
		"clone, there": {club.Clone, planning.ItIsThere, 1, "", club.Published, "2026-11-24T18:30"},
		"unsure, free": {club.Ambiguous, planning.SendAtFree, 2, club.Conflict, club.NeedsAttention, "2026-11-24T18:30"},
		"unsure, none": {club.Ambiguous, planning.MakeItDraft, 2, club.Conflict, club.NeedsAttention, "2026-11-24T18:30"},
		"no decision":  {club.Late, "later", 1, club.NotFound, club.NeedsAttention, "2026-11-24T18:30"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t)
			p := s.planned("Trials", s.account("brass"), s.account("wood"))
			s.Exec(`UPDATE deliveries SET status = 'NEEDS_ATTENTION', phase = ?, next_at = NULL, tried_at = due_at`, tt.phase)
			s.clock.Advance(36 * time.Hour)
			by := s.as(club.Admin)
			list, err := s.desk.Waiting(t.Context(), by)
			if err != nil || len(list) != tt.groups || list[0].Phase != tt.phase || list[0].PostID() != p.ID {
				t.Fatalf("%d wait, %v; want %d", len(list), err, tt.groups)
			}
			if _, err := s.desk.Decide(t.Context(), by, list[0], tt.what); club.CodeOf(err) != tt.code {
				t.Errorf("%v, want %q", err, tt.code)
			}
			if got := s.post(p.ID); got.Status() != tt.want || got.Planned.Local != tt.local {
				t.Errorf("the post is %s at %s, want %s at %s", got.Status(), got.Planned.Local, tt.want, tt.local)
			}
		})
	}
}

// TestADecisionOnAPostThatSomebodyMoved: it has another time by now.
func TestADecisionOnAPostThatSomebodyMoved(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	p := s.planned("Trials", s.account("brass"))
	s.Exec(`UPDATE deliveries SET status = 'NEEDS_ATTENTION', phase = 'late', next_at = NULL`)
	by := s.as(club.Admin)
	list, err := s.desk.Waiting(t.Context(), by)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	s.Exec(`UPDATE posts SET version = version + 1 WHERE id = ?`, p.ID)
	if _, err := s.desk.Decide(t.Context(), by, list[0], planning.SendAtFree); club.CodeOf(err) != club.Conflict {
		t.Errorf("moved over what somebody did: %v", err)
	}
}
