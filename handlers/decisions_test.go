package handlers

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// trouble makes a post for the accounts whose deliveries stand in this state.
func (s *scene) trouble(status club.Status, phase club.Phase, code, args string, accounts ...int64) []string {
	s.t.Helper()
	s.as(club.Publisher).post("/posts", with(draft("Trials", accounts...), "do", "schedule")).want(http.StatusSeeOther)
	_, err := s.db.Writer().ExecContext(s.t.Context(), `UPDATE deliveries SET status = ?, phase = ?, code = ?, args = ?, next_at = NULL, tried_at = due_at`,
		status, phase, code, args)
	if err != nil {
		s.t.Fatal(err)
	}
	var ids []string
	for _, d := range s.only().Deliveries {
		ids = append(ids, d.ID)
	}
	return ids
}

func decide(what string, more ...string) url.Values {
	return with(url.Values{"answer": {what}}, more...)
}

func TestFailedPostExplainsItself(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	id := s.trouble(club.Failed, club.Refused, "rejected_content", `{}`, s.account("tiny", true, club.Working))[0]
	b := s.as(club.Publisher)
	b.get("/posts/1").says("Failed", "Tiny says this breaks its rules", "What happened", "What we did", "We stopped and will not send it again as it is.",
		"What you can do", "Try again", "Leave Tiny out", "Choose a new time")
	b.post("/deliveries/"+id+"/answer", decide("now")).to("/posts/1")
	b.get("/posts/1").says("On its way.")
	if d := s.only().Deliveries[0]; d.Status != club.Scheduled || d.DueAt.After(s.clock.Now()) {
		t.Errorf("after trying again it is %s, due %s", d.Status, d.DueAt)
	}
}

func TestUnclearOutcomeAsksWhatIsThere(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		form   url.Values
		status club.Status
		url    string
	}{
		"it is there":             {decide("there"), club.Published, ""},
		"it is there, with link":  {decide("there", "link", "https://tiny.example/1"), club.Published, "https://tiny.example/1"},
		"it is not there":         {decide("missing"), club.Publishing, ""},
		"no address":              {decide("there", "link", "over there"), club.NeedsAttention, ""},
		"try again is no answer":  {decide("now"), club.NeedsAttention, ""},
		"a new time is no answer": {decide("retime", "date", "2026-11-25", "time", "10:00"), club.NeedsAttention, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := withTiny(t)
			id := s.trouble(club.NeedsAttention, club.Ambiguous, "outcome_unknown", `{"n":"3"}`, s.account("tiny", true, club.Working))[0]
			b := s.as(club.Publisher)
			b.get("/posts/1").says("We do not know whether Tiny took the post", "We looked for it 3 times.", "It is there", "It is not there, send it again").
				saysNot("Try again", "Choose a new time")
			b.post("/deliveries/"+id+"/answer", tt.form).to("/posts/1")
			if d := s.only().Deliveries[0]; d.Status != tt.status || d.RemoteURL != tt.url {
				t.Errorf("it is %s at %q, want %s at %q", d.Status, d.RemoteURL, tt.status, tt.url)
			}
		})
	}
}

func TestLatePostsAreAskedAboutOnce(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	ids := s.trouble(club.NeedsAttention, club.Late, "late", `{"time":"2026-11-24T18:30:00Z"}`, s.account("tiny", true, club.Working), s.account("wide", true, club.Working))
	b := s.as(club.Publisher)
	page := b.get("/posts/1").says("The time for this post on Tiny and Wide has passed", "It could not go out at Tue 24 Nov, 18:30")
	if n := page.doc().Find(".failure").Length(); n != 1 {
		t.Errorf("%d boxes ask the same, want 1", n)
	}
	retime := decide("retime", "also", ids[1], "date", "2026-11-22", "time", "10:00")
	b.post("/deliveries/"+ids[0]+"/answer", retime).to("/posts/1")
	b.get("/posts/1").says("Sun 22 Nov, 10:00 in Dublin has passed.")
	b.post("/deliveries/"+ids[0]+"/answer", with(retime, "date", "2026-11-26")).to("/posts/1")
	want := time.Date(2026, 11, 26, 10, 0, 0, 0, time.UTC)
	for _, d := range s.only().Deliveries {
		if d.Status != club.Scheduled || !d.DueAt.Equal(want) {
			t.Errorf("%s is %s, due %s", d.Connection.Account.Platform, d.Status, d.DueAt)
		}
	}
	b.post("/deliveries/"+ids[0]+"/answer", decide("discard")).to("/posts/1")
	if d := s.only().Deliveries[0]; d.Status != club.Cancelled {
		t.Errorf("left out, it is %s", d.Status)
	}
}

func TestOnlyThoseWhoPublishDecide(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	id := s.trouble(club.Failed, club.Refused, "duplicate", `{}`, s.account("tiny", true, club.Working))[0]
	for _, r := range []club.Role{club.Writer, club.Viewer} {
		page := s.as(r).get("/posts/1").says("Tiny has seen this text before")
		if page.doc().Find(".failure form").Length() > 0 {
			t.Errorf("a %s sees decisions", r)
		}
		s.as(r).post("/deliveries/"+id+"/answer", decide("now")).want(http.StatusForbidden)
	}
}

func TestBrokenAccountIsReconnectedFirst(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	id := s.trouble(club.NeedsAttention, club.Reconnect, "auth_revoked", `{}`, s.account("tiny", true, club.Working))[0]
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE connections SET health = 'reconnect'`); err != nil {
		t.Fatal(err)
	}
	b := s.as(club.Publisher)
	page := b.get("/posts/1").says("Tiny no longer accepts our sign-in", "Reconnect @riverside")
	if page.doc().Find(`.failure a[href="/accounts/1"]`).Length() == 0 {
		t.Error("no way to the account")
	}
	b.post("/deliveries/"+id+"/answer", decide("now")).to("/posts/1")
	b.get("/posts/1").says("It cannot go out like this. Reconnect Riverside FC first")
	if d := s.only().Deliveries[0]; d.Status != club.NeedsAttention {
		t.Errorf("it is %s", d.Status)
	}
}

func TestPlatformsWordsAreQuoted(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	s.trouble(club.Failed, club.Refused, "a_new_code", `{"platform_text":"No <script>alert(1)</script> here"}`, s.account("tiny", true, club.Working))
	page := s.as(club.Publisher).get("/posts/1").says(`Tiny said: “No <script>alert(1)</script> here”`, "the reason is new to us")
	if page.doc().Find(".failure script").Length() > 0 {
		t.Error("the platform's words are HTML")
	}
}

func TestPageFollowsThePost(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	s.trouble(club.Publishing, club.Sending, "", `{}`, s.account("tiny", true, club.Working))
	b := s.as(club.Viewer)
	if d := b.get("/posts/1").says("Publishing").doc(); d.Find("#post-head[hx-get]").Length() == 0 {
		t.Error("the page does not look again")
	}
	b.getHX("/posts/1/status").want(http.StatusOK)
	_, err := s.db.Writer().ExecContext(t.Context(), `
		UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', remote_id = '1', remote_url = 'https://tiny.example/1', published_at = due_at`)
	if err != nil {
		t.Fatal(err)
	}
	done := b.getHX("/posts/1/status").want(statusStopPolling).says("Published", "Open on Tiny")
	if done.doc().Find("#post-head[hx-get]").Length() > 0 {
		t.Error("the page looks again for ever")
	}
	b.get("/posts/1/edit").to("/posts/1")
}

func TestPublishedPartsStayWhenThePostIsEdited(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a, w := s.account("tiny", true, club.Working), s.account("wide", true, club.Working)
	s.trouble(club.Failed, club.Refused, "duplicate", `{}`, a, w)
	_, err := s.db.Writer().ExecContext(t.Context(), `
		UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', remote_id = '1', published_at = due_at WHERE connection_id = ?`, a)
	if err != nil {
		t.Fatal(err)
	}
	b := s.as(club.Publisher)
	doc := b.get("/posts/1/edit").says("Published already.", "Update the post").doc()
	if doc.Find("#account-"+id64(a)+"[disabled]").Length() != 1 {
		t.Error("a published account can be unticked")
	}
	// The browser does not send what is disabled.
	form := with(draft("Trials", w), "post", "1", "version", "1")
	b.postHX("/posts/autosave", form).want(http.StatusOK).says("Saved 09:00")
	if s.only().Pending != nil {
		t.Error("an unchanged form made a change")
	}
	b.post("/posts", with(form, "text", "Trials for everybody under twelve", "version", "2", "do", "schedule")).to("/calendar?date=2026-11-24&post=1")
	p := s.only()
	if p.Live.Content.Text != "Trials for everybody under twelve" || len(p.Live.Content.Accounts) != 2 {
		t.Errorf("live is %+v", p.Live.Content)
	}
}
