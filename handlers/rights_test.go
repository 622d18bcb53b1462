package handlers

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

// TestCalendarAndPostPageGiveTheSameRights: to edit and to move, for every role,
// to authors and to others, in every status of a post. They differed while a post
// was being published, and for writers with a draft of their own.
func TestCalendarAndPostPageGiveTheSameRights(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	p := s.schedule("Trials", "2026-11-24T18:30", s.account("tiny", true, club.Working), s.account("wide", true, club.Working))
	exec := func(query string, args ...any) {
		t.Helper()
		if _, err := s.db.Writer().ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
	}
	phases := map[club.Status]club.Phase{
		club.Draft: "", club.Scheduled: club.Waiting, club.Publishing: club.Backoff, club.Published: club.Linked, club.Failed: club.Refused, club.NeedsAttention: club.Late,
	}
	as := map[club.Role]*browser{}
	for _, r := range club.Roles {
		as[r] = s.as(r)
	}
	for _, both := range [][2]club.Status{
		{club.Draft, club.Draft},
		{club.Scheduled, club.Scheduled},
		{club.Publishing, club.Scheduled},
		{club.Published, club.Published},
		{club.Failed, club.Failed},
		{club.NeedsAttention, club.Published},
		{club.Published, club.Draft},
	} {
		for i, status := range both {
			exec(`UPDATE deliveries SET status = ?, phase = ?, next_at = NULL, published_at = coalesce(published_at, iif(?1 = 'PUBLISHED', due_at, NULL)),
				remote_id = coalesce(remote_id, iif(?1 = 'PUBLISHED', 'r', NULL)) WHERE connection_id = (SELECT id FROM connections ORDER BY id LIMIT 1 OFFSET ?)`, status, phases[status], i)
		}
		is := club.PostStatus(both[:])
		for _, r := range club.Roles {
			for _, own := range []bool{true, false} {
				author := r
				if !own {
					author = map[bool]club.Role{true: club.Publisher, false: club.Admin}[r == club.Admin]
				}
				exec(`UPDATE posts SET author_id = ?`, s.persons[author].ID)
				card := as[r].get("/calendar?date=2026-11-24").want(http.StatusOK).doc().Find(fmt.Sprintf("#card-%d", p.ID))
				page := as[r].get(fmt.Sprintf("/posts/%d", p.ID)).want(http.StatusOK).doc()
				if card.Length() != 1 {
					t.Fatalf("%v: the calendar has %d cards", both, card.Length())
				}
				for _, right := range []struct {
					name           string
					onCard, onPage bool
					want           bool
				}{
					{"edit", card.Is("[data-edit]"), page.Find(`.actions a[href$="/edit"]`).Length() == 1, club.MayEdit(r, own, is)},
					{"move", card.Is("[data-move]"), page.Find(`.actions a[href$="/move"]`).Length() == 1, club.MayMove(r, own, is)},
				} {
					if right.onCard != right.want || right.onPage != right.want {
						t.Errorf("%v, %s, own %v, may %s: calendar %v, post page %v, want %v", both, r, own, right.name, right.onCard, right.onPage, right.want)
					}
				}
			}
		}
	}
}
