package handlers

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

func TestResultsWithoutPosts(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	s.as(club.Viewer).get("/results?days=7&sort=seen&account=99").want(http.StatusOK).says("0 posts on 0 accounts got 0 responses.", "Numbers appear about an hour after your first post")
	csv := s.as(club.Viewer).get("/results.csv").want(http.StatusOK)
	if !strings.HasPrefix(csv.body, "\ufeff\"Post\",\"Platform\",\"Account\",\"Published (Europe/Dublin)\"") {
		t.Errorf("csv begins %q", csv.body[:60])
	}
}

// measured publishes a post of the scene's club on accounts, with these likes on
// each; nil: no numbers yet.
func (s *scene) measured(text string, at time.Time, likes map[int64]*int64, seen int64) {
	s.t.Helper()
	var accounts []int64
	for id := range likes {
		accounts = append(accounts, id)
	}
	saved, err := s.db.SavePost(s.t.Context(), s.scope(club.Publisher), store.PostChange{Op: text, Content: club.Content{Text: text, Accounts: accounts}})
	if err != nil {
		s.t.Fatal(err)
	}
	p, err := s.db.Post(s.t.Context(), s.scope(club.Publisher), saved.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	for _, d := range p.Deliveries {
		_, err := s.db.Writer().ExecContext(s.t.Context(), `UPDATE deliveries SET status = 'PUBLISHED', phase = 'unlinked', due_at = ?2, published_at = ?2,
			remote_url = 'https://tiny.example/' || post_id WHERE post_id = ?1 AND connection_id = ?3`, saved.ID, at.UnixMilli(), d.ConnectionID)
		if err != nil {
			s.t.Fatal(err)
		}
		if n := likes[d.ConnectionID]; n != nil {
			_, err = s.db.Writer().ExecContext(s.t.Context(), `
				INSERT INTO post_snapshots (club_id, delivery_id, taken_at, likes, comments, impressions)
				SELECT club_id, id, ?, ?, 1, ? FROM deliveries WHERE post_id = ? AND connection_id = ?`, at.Add(time.Hour).UnixMilli(), *n, seen, saved.ID, d.ConnectionID)
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

func TestResultsSayNotYetThirtyFiveTimes(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	tiny, wide := s.account("tiny", true, club.Working), s.account("wide", true, club.Working)
	n := func(v int64) *int64 { return &v }
	now := s.clock.Now()
	s.measured("Home win", now.Add(-48*time.Hour), map[int64]*int64{tiny: n(5), wide: n(7)}, 100)
	s.measured("Trials", now.Add(-24*time.Hour), map[int64]*int64{tiny: n(1)}, 900)
	s.measured("Just out", now.Add(-time.Hour), map[int64]*int64{tiny: nil, wide: nil}, 0)
	s.measured("Long ago", now.AddDate(0, 0, -40), map[int64]*int64{tiny: n(20)}, 50)

	page := s.as(club.Viewer).get("/results?days=28").want(http.StatusOK).
		says("3 posts on 2 accounts got 16 responses.", "7 fewer than in the 28 days before", "2 more than in the 28 days before").saysNot("not yet", "Long ago")
	var order []string
	page.doc().Find(".result").Each(func(_ int, r *goquery.Selection) {
		order = append(order, r.Find("h3").Text()+": "+r.Find(".result-sum").Text())
		if text := r.Text(); strings.Count(text, "No numbers yet") > 3 {
			t.Errorf("a post says again and again that it has no numbers: %s", text)
		}
	})
	if want := []string{"Just out: No numbers yet", "Trials: 2 responses", "Home win: 14 responses"}; !slices.Equal(order, want) {
		t.Errorf("posts are %q, want %q", order, want)
	}
	if page.doc().Find(".chart rect").Length() != 28 || page.doc().Find(".chart table tr").Length() != 28 {
		t.Error("the chart and its table are not 28 days")
	}
	first := s.as(club.Viewer).get("/results?days=28&sort=responses").doc().Find(".result h3").First().Text()
	if first != "Home win" {
		t.Errorf("the post with most responses is %q", first)
	}
}

// TestMostSeenComparesLikeWithLike: what two platforms count as seen is not the same.
func TestMostSeenComparesLikeWithLike(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	tiny, wide := s.account("tiny", true, club.Working), s.account("wide", true, club.Working)
	v := int64(1)
	now := s.clock.Now()
	s.measured("Home win", now.Add(-48*time.Hour), map[int64]*int64{tiny: &v}, 100)
	s.measured("Trials", now.Add(-24*time.Hour), map[int64]*int64{tiny: &v}, 300)
	s.measured("Only one there", now.Add(-24*time.Hour), map[int64]*int64{wide: &v}, 90_000)
	page := s.as(club.Viewer).get("/results?days=28").says("On Tiny: “Trials”, 300").saysNot("90,000 views", "On Wide")
	if page.doc().Find(`.sorts a[href*="sort=seen"]`).Length() != 0 {
		t.Error("posts of different platforms can be sorted by what each counts as seen")
	}
	page = s.as(club.Viewer).get("/results?days=28&sort=seen&account=" + id64(tiny))
	if got := page.doc().Find(".result h3").First().Text(); got != "Trials" {
		t.Errorf("most seen on one account is %q", got)
	}
}

func TestExportIsInTheClubsTimeAndNamesPlatforms(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	tiny, v := s.account("tiny", true, club.Working), int64(4)
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE clubs SET zone = 'America/New_York'`); err != nil {
		t.Fatal(err)
	}
	s.measured("Home win", s.clock.Now().Add(-24*time.Hour), map[int64]*int64{tiny: &v}, 100)
	csv := s.as(club.Viewer).get("/results.csv?days=28").want(http.StatusOK)
	want := `"Home win","Tiny","Riverside FC","2026-11-22 04:00","https://tiny.example/1","2026-11-22 05:00","100","","4","1","","5"`
	if !strings.Contains(csv.body, `"Published (America/New_York)"`) || !strings.Contains(csv.body, want) {
		t.Errorf("the file is\n%s\nwant a line\n%s", csv.body, want)
	}
}
