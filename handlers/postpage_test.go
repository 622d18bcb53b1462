package handlers

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
)

// TestPostPageShowsThePostAsPeopleSeeItAndItsStatusOnce: the previews are parts of
// which one is shown at a time, all accounts stand in one block with the exception
// first and what is alike said once, and all that can be done is in one place.
func TestPostPageShowsThePostAsPeopleSeeItAndItsStatusOnce(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	s.trouble(club.Failed, club.Refused, "rejected_content", `{}`,
		s.account("tiny", true, club.Working), s.account("wide", true, club.Working), s.account("wide", true, club.Working))
	s.exec(`UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', code = '', remote_id = hex(id), remote_url = 'https://wide.example/' || connection_id, published_at = due_at WHERE connection_id <> 1`)
	doc := s.as(club.Publisher).get("/posts/1").want(http.StatusOK).doc()

	var tabs []string
	for _, tab := range doc.Find(".post-said [role=tab]").EachIter() {
		tabs = append(tabs, strings.Join(strings.Fields(tab.Text()), " "))
		if doc.Find("#"+tab.AttrOr("aria-controls", "none")+" > .tab-head").Length() != 1 {
			t.Errorf("the tab %q has no part with a heading", tab.Text())
		}
	}
	if want := []string{"Tiny", "Wide @riverside", "Wide @riverside"}; !slices.Equal(tabs, want) {
		t.Errorf("the tabs are %q, want %q", tabs, want)
	}
	if hidden := doc.Find(".post-said .preview-card[hidden]").Length(); hidden != 0 {
		t.Errorf("without script %d previews cannot be seen", hidden)
	}
	status := doc.Find("#post-status")
	if first := status.Children().Not(".vh").First(); !first.Is(".failure") {
		t.Error("the block does not begin with the exception")
	}
	if n := status.Find(".badge").Length(); n != 2 {
		t.Errorf("%d badges for two states", n)
	}
	if n := strings.Count(status.Text(), "Tue 24 Nov, 18:30"); n != 1 {
		t.Errorf("what is the same for both accounts is said %d times", n)
	}
	if n := status.Find(`.delivery[data-status="PUBLISHED"] > a`).Length(); n != 2 {
		t.Errorf("%d links lead to two public posts", n)
	}
	if n := status.Find(`[id^="delivery-"]`).Length(); n != 3 {
		t.Errorf("%d of three accounts can be led to", n)
	}
	for _, action := range []string{`a[href="/posts/1/edit"]`, `a[href="/posts/1/move"]`, `form[action="/posts/1/duplicate"]`, `form[action="/posts/1/deletion"]`} {
		if doc.Find(".post-top "+action).Length() != 1 {
			t.Errorf("the top has no %s", action)
		}
	}

	// All alike: the page begins with the state, and nothing repeats it.
	s.exec(`UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', code = '', remote_id = hex(id), published_at = due_at`)
	doc = s.as(club.Publisher).get("/posts/1").doc()
	if n := doc.Find("#post .badge").Length(); n != 1 {
		t.Errorf("%d badges say that the post is published", n)
	}
	if n := strings.Count(doc.Find("#post-head, #post-status").Text(), "Tue 24 Nov, 18:30"); n != 1 {
		t.Errorf("the time is said %d times", n)
	}
}

// TestHistoryTellsASecretaryThreeLines: who scheduled it, where it is out, and what
// is wrong now; not what was wrong and is over.
func TestHistoryTellsASecretaryThreeLines(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	ids := s.trouble(club.Failed, club.Refused, "rejected_content", `{}`,
		s.account("tiny", true, club.Working), s.account("wide", true, club.Working), s.account("wide", true, club.Working), s.account("wide", true, club.Working))
	lines := func() []string {
		t.Helper()
		var out []string
		for _, l := range s.as(club.Publisher).get("/posts/1").doc().Find("#post-timeline > .timeline > li").EachIter() {
			l.Find("time").Remove()
			out = append(out, strings.TrimSpace(l.Text()))
		}
		return out
	}
	happens := func(kind string, to ...string) {
		t.Helper()
		for _, id := range to {
			s.exec(`INSERT INTO post_events (post_id, delivery_id, at, kind, args)
				SELECT post_id, id, ?, ?, '{"code":"rejected_content"}' FROM deliveries WHERE lower(hex(id)) = lower(?)`, s.clock.Now().UnixMilli(), kind, id)
		}
	}
	happens(club.NoteStarted, ids...)
	happens(club.NotePublished, ids[1:]...)
	happens(club.NoteRefused, ids[0])
	want := []string{"Scheduled by Tom Reid for Tue 24 Nov, 18:30", "Published on 3 accounts", "Refused by Tiny"}
	if got := lines(); !slices.Equal(got, want) {
		t.Errorf("it tells %q, want %q", got, want)
	}
	// Tried again, and it worked.
	happens(club.NoteSentNow, ids[0])
	if got := lines(); !slices.Equal(got, want[:2]) {
		t.Errorf("while it is tried again it tells %q, want %q", got, want[:2])
	}
	happens(club.NotePublished, ids[0])
	want = []string{want[0], "Published on 4 accounts"}
	if got := lines(); !slices.Equal(got, want) {
		t.Errorf("after trying again it tells %q, want %q", got, want)
	}
}

// TestAccountsOfEqualNamesAreToldApart: where two accounts have the same name and
// handle, every screen that names them says on which platform they are.
func TestAccountsOfEqualNamesAreToldApart(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	ids := s.trouble(club.Scheduled, club.Waiting, "", `{}`, s.account("tiny", true, club.Working), s.account("wide", true, club.Working))
	s.exec(`UPDATE connections SET health = 'reconnect' WHERE id = 2`)
	s.exec(`UPDATE deliveries SET status = 'FAILED', phase = 'rejected', code = 'duplicate', next_at = NULL, tried_at = due_at WHERE connection_id = 1`)
	s.exec(`INSERT INTO post_events (post_id, delivery_id, at, kind, args) SELECT post_id, id, due_at, 'refused', '{"code":"duplicate"}' FROM deliveries WHERE lower(hex(id)) = lower(?)`, ids[0])
	b := s.as(club.Admin)
	for _, path := range []string{"/posts/1", "/posts/1/edit", "/posts", "/accounts", "/calendar?month=2026-11&view=list"} {
		doc := b.get(path).want(http.StatusOK).doc()
		text := doc.Find("main").Text()
		if strings.Contains(text, "iverside") && (!strings.Contains(text, "Tiny") || !strings.Contains(text, "Wide")) {
			t.Errorf("%s names accounts without their platforms", path)
		}
	}
	if h1 := b.get("/accounts/2/reconnect").want(http.StatusOK).doc().Find("h1").Text(); !strings.Contains(h1, "(Wide)") {
		t.Errorf("reconnecting is called %q", h1)
	}
	page := b.get("/posts/1").doc()
	for _, who := range page.Find("#post-status .delivery-who").EachIter() {
		if platform := who.Find("b").Text(); platform != "Tiny" && platform != "Wide" {
			t.Errorf("an account of the block is called %q", strings.TrimSpace(who.Text()))
		}
	}
	if got := b.get("/calendar?month=2026-11&view=month").doc().Find("#turn-p").Text(); strings.TrimSpace(got) != "Previous month, October 2026" {
		t.Errorf("the way back is called %q", got)
	}
}
