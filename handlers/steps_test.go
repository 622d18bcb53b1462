package handlers

import (
	"net/http"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/internal/club"
)

// TestFirstStepsUntilAllAreDone: after the set-up one stood before an empty
// month. Each step is derived from what is there.
func TestFirstStepsUntilAllAreDone(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	// The scene's club has colleagues; this one begins alone.
	for _, statement := range []string{`DELETE FROM members WHERE role <> 'admin'`, `DELETE FROM invitations`} {
		if _, err := s.db.Writer().ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	maeve := s.as(club.Admin)
	shows := func(count, next string) {
		t.Helper()
		doc := maeve.get("/calendar").want(http.StatusOK).doc()
		if got := strings.TrimSpace(doc.Find(".cal-steps .meta").Text()); got != count {
			t.Errorf("it says %q, want %q", got, count)
		}
		if got := doc.Find(".cal-steps .btn").AttrOr("href", ""); got != next {
			t.Errorf("the next step leads to %q, want %q", got, next)
		}
		doc.Find(".cal-steps a").Each(func(_ int, a *goquery.Selection) {
			maeve.get(a.AttrOr("href", "")).want(http.StatusOK)
		})
	}
	shows("1 of 5 done", "/accounts/connect")
	one := s.account("tiny", true, club.Working)
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE clubs SET changes = changes + 1`); err != nil {
		t.Fatal(err)
	}
	shows("2 of 5 done", "/posts/new")
	s.write(club.Admin, "Hello", "2026-11-24T18:30", one)
	shows("3 of 5 done", "/posts")
	if _, err := s.db.SchedulePost(t.Context(), s.scope(club.Admin), s.change("Trials", "2026-11-25T18:30", []int64{one}), "test"); err != nil {
		t.Fatal(err)
	}
	shows("4 of 5 done", "/settings/members")
	if _, err := s.db.CreateInvitation(t.Context(), s.scope(club.Admin), "ines@riverside.example", club.Writer, "test"); err != nil {
		t.Fatal(err)
	}
	shows("", "")
}

func TestOnlyAdminsSeeTheFirstSteps(t *testing.T) {
	t.Parallel()
	s := newScene(t, withPlatforms)
	for role, want := range map[club.Role]int{club.Admin: 1, club.Publisher: 0, club.Viewer: 0} {
		if n := s.as(role).get("/calendar").doc().Find(".cal-steps").Length(); n != want {
			t.Errorf("a %s sees %d lists of first steps, want %d", role, n, want)
		}
	}
}
