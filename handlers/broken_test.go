package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// breakAccounts says of every account that the platform refused its sign-in.
func (s *scene) breakAccounts() {
	s.t.Helper()
	if _, err := s.db.Writer().ExecContext(s.t.Context(), `UPDATE connections SET health = 'reconnect', health_code = 'auth_revoked'`); err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.db.Writer().ExecContext(s.t.Context(), `UPDATE clubs SET changes = changes + 1`); err != nil {
		s.t.Fatal(err)
	}
}

func TestPostThatCannotGoOutLooksFine(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	s.as(club.Publisher).post("/posts", with(draft("Trials", s.account("tiny", true, club.Working)), "do", "schedule")).want(http.StatusSeeOther)
	b := s.as(club.Publisher)
	b.get("/posts/1").says("Scheduled").saysNot("Needs attention")
	s.breakAccounts()

	page := b.get("/posts/1").says("Needs attention", "Tiny no longer accepts our sign-in", "We keep the post. It is planned for Tue 24 Nov, 18:30.",
		"The post then goes out on time by itself.", "waits for the account")
	if page.doc().Find(`.failure a[href^="/accounts/1/reconnect"]`).Length() != 1 {
		t.Error("no button leads from the post to reconnecting")
	}
	if got := page.doc().Find("#post-head .badge").First().AttrOr("data-status", ""); got != string(club.NeedsAttention) {
		t.Errorf("the post's badge says %s", got)
	}
	for _, path := range []string{"/posts", "/posts?show=attention", "/calendar?month=2026-11", "/calendar?month=2026-11&view=list"} {
		doc := b.get(path).want(http.StatusOK).doc()
		if n := doc.Find(`[data-s="NEEDS_ATTENTION"], .main [data-status="NEEDS_ATTENTION"]`).Length(); n == 0 {
			t.Errorf("%s shows the post as if it could go out", path)
		}
	}
	// It can still be moved and taken back: only how it looks has changed.
	b.post("/posts/1/draft", nil).to("/posts/1/edit")
	b.get("/posts/1").says("Draft").saysNot("Needs attention")
}

func TestRowOfABrokenAccountSaysItWaitsUntil(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	s.as(club.Publisher).post("/posts", with(draft("Trials", s.account("tiny", true, club.Working)), "do", "schedule")).want(http.StatusSeeOther)
	s.breakAccounts()
	s.clock.Advance(33*time.Hour + 40*time.Minute) // Tuesday 18:40
	_, err := s.db.Writer().ExecContext(t.Context(), `UPDATE deliveries SET phase = 'blocked', code = 'auth_revoked', args = '{"when_next":"2026-11-24T18:41:00Z"}', next_at = ?`,
		s.clock.Now().Add(time.Minute).UnixMilli())
	if err != nil {
		t.Fatal(err)
	}
	s.as(club.Publisher).get("/posts/1").says("waits for the account", "It was due Tue 24 Nov, 18:30, and nothing was sent.",
		"Until Tue 24 Nov, 20:30 the post goes out by itself as soon as the account works again").saysNot("waits until")
}

func TestReconnectedPersonSeesWhatWaits(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	account := st.only(true, "x")
	tom := st.as(club.Publisher)
	for i, text := range []string{"Too late", "Also too late", "Due now", "Next week"} {
		date := []string{"2026-11-24", "2026-11-24", "2026-11-24", "2026-12-01"}[i]
		tom.post("/posts", with(draft(text, account.ID), "op", text, "date", date, "time", "18:30", "do", "schedule", "repeat", "yes")).want(http.StatusSeeOther)
	}
	st.clock.Advance(33*time.Hour + 45*time.Minute) // Tuesday 18:45
	_, err := st.db.Writer().ExecContext(t.Context(), `
		UPDATE deliveries SET status = 'NEEDS_ATTENTION', phase = 'reconnect', code = 'auth_revoked', next_at = NULL
		WHERE post_id IN (SELECT id FROM posts WHERE excerpt LIKE '%too late')`)
	if err != nil {
		t.Fatal(err)
	}
	st.breakAccounts()
	tom = st.as(club.Publisher)
	tom.get(pathOf(account)+"/reconnect").says("One post is due and waits for this account. It goes out as soon as the account works again.",
		"2 posts are too late to go out by themselves.", "One planned post will go out at its time.")

	back := st.follow(tom, st.leave(tom, pathOf(account)+"/reconnect", url.Values{"to": {"/posts/1"}}), "allow")
	tom.get(back).to("/posts/1")
	page := tom.get("/posts/1").says("Reconnected.", "One post that waited goes out now.", "2 posts wait for your decision.", "Publish now", "Choose a new time")
	if page.doc().Find(`a[href="/waiting"]:contains("Decide about all 2")`).Length() != 1 {
		t.Error("nothing leads to the other posts that wait")
	}

	// Without a post to come back to, the decisions are where the person lands.
	st.breakAccounts()
	tom = st.as(club.Publisher)
	back = st.follow(tom, st.leave(tom, pathOf(account)+"/reconnect", nil), "allow")
	to := tom.get(back).want(http.StatusSeeOther).Header.Get("Location")
	if !strings.HasPrefix(to, "/waiting") {
		t.Errorf("reconnecting leads to %s, want the decisions", to)
	}
}

func TestGoingLiveAsksWhatToKeep(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	n := s.account("x", true, club.Working)
	tom, maeve := s.as(club.Publisher), s.as(club.Admin)
	tom.post("/posts", with(draft("Keep me", n), "op", "one")).want(http.StatusSeeOther)
	tom.post("/posts", with(draft("Leave me", n), "op", "two")).want(http.StatusSeeOther)
	page := maeve.get("/practice/mode").says("Which posts do you want to keep?", "Keep me", "Leave me", "Tue 24 Nov, 18:30")
	tom.post("/posts", with(draft("Waits twice", n, s.account("bluesky", true, club.Working)), "op", "three", "do", "schedule")).want(http.StatusSeeOther)
	maeve.get("/practice/mode").says("One scheduled practice post still waits.") // on two accounts, and counted once
	tom.post("/posts/3/deletion", nil).want(http.StatusSeeOther)
	id, _ := page.doc().Find(`.keep label:contains("Keep me")`).Attr("for")
	maeve.post("/practice/mode", url.Values{"practice": {"off"}, "keep": {strings.TrimPrefix(id, "keep-")}}).to("/accounts")
	maeve.get("/accounts").says("The club is live.", "One post was kept as a draft.")

	tom = s.as(club.Publisher)
	list := tom.get("/posts").says("Keep me", "2 practice posts are put away.").saysNot("Leave me")
	if list.doc().Find(`a[href="/posts?show=practice"]`).Length() != 1 {
		t.Error("nothing leads to what is put away")
	}
	away := tom.get("/posts?show=practice").says("Leave me", "never left this computer")
	if rows, badges := away.doc().Find(".post-line").Length(), away.doc().Find(".post-line .badge:contains('Practice')").Length(); rows != 2 || badges != 2 {
		t.Errorf("%d posts are put away, %d with a badge, want 2 and 2", rows, badges)
	}
	tom.get("/posts/2").says("Practice")
	tom.get("/posts/4").says("Keep me", "Maeve Byrne kept this from practice mode").saysNot("Practice")
	tom.get("/calendar?month=2026-11").says("Keep me").saysNot("Leave me")
}
