package handlers

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms/facebook"
	"github.com/bandstand-app/bandstand/platforms/x"
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
		answer int
	}{
		"it is there":             {decide("there"), club.Published, "", http.StatusSeeOther},
		"it is there, with link":  {decide("there", "link", "https://tiny.example/1"), club.Published, "https://tiny.example/1", http.StatusSeeOther},
		"it is not there":         {decide("missing"), club.Publishing, "", http.StatusSeeOther},
		"no address":              {decide("there", "link", "over there"), club.NeedsAttention, "", http.StatusUnprocessableEntity},
		"try again is no answer":  {decide("now"), club.NeedsAttention, "", http.StatusSeeOther},
		"a new time is no answer": {decide("retime", "date", "2026-11-25", "time", "10:00"), club.NeedsAttention, "", http.StatusSeeOther},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := withTiny(t)
			id := s.trouble(club.NeedsAttention, club.Ambiguous, "outcome_unknown", `{"n":"3"}`, s.account("tiny", true, club.Working))[0]
			b := s.as(club.Publisher)
			b.get("/posts/1").says("We do not know whether Tiny took the post", "We looked for it 3 times.", "It is there", "It is not there, send it again").
				saysNot("Try again", "Choose a new time")
			a := b.post("/deliveries/"+id+"/answer", tt.form).want(tt.answer)
			if tt.answer == http.StatusUnprocessableEntity {
				a.says("Enter a link like https://example.org/page.")
				a.holds("link-"+id, "over there")
			}
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
	past := b.post("/deliveries/"+ids[0]+"/answer", retime).want(http.StatusUnprocessableEntity).says("Sun 22 Nov, 10:00 in Dublin has passed.")
	past.holds("time-"+ids[0], "10:00")
	if past.doc().Find("#date-"+ids[0]).AttrOr("value", "") != "2026-11-22" || past.doc().Find(".retime[open]").Length() != 1 {
		t.Error("the time that was typed is gone")
	}
	b.post("/deliveries/"+ids[0]+"/answer", with(retime, "date", "soon")).want(http.StatusUnprocessableEntity).holds("date-"+ids[0], "soon")
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
	if page.doc().Find(`.failure a[href^="/accounts/1/reconnect?to=%2Fposts%2F1%23failure-"]`).Length() == 0 {
		t.Error("no way to its sign-in and back")
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

// TestPageFollowsThePost: what the page asks for while a post goes out is all of
// it, until nothing happens any more.
func TestPageFollowsThePost(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	s.trouble(club.Publishing, club.Sending, "", `{}`, s.account("tiny", true, club.Working), s.account("wide", true, club.Working))
	b := s.as(club.Publisher)
	settle := func(platform, change string) {
		t.Helper()
		_, err := s.db.Writer().ExecContext(t.Context(), `UPDATE deliveries SET `+change+` WHERE connection_id = (SELECT id FROM connections WHERE platform = ?)`, platform)
		if err == nil {
			_, err = s.db.Writer().ExecContext(t.Context(), `UPDATE clubs SET changes = changes + 1`)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	const published = `status = 'PUBLISHED', phase = 'linked', remote_id = '1', remote_url = 'https://tiny.example/1', published_at = due_at`
	poll := func(a *answer) string {
		t.Helper()
		d := a.doc()
		if every := d.Find("#post").AttrOr("hx-trigger", ""); every != "every 2s" {
			t.Errorf("the page looks again %q", every)
		}
		return d.Find("#post[data-poll]").AttrOr("hx-get", "")
	}
	again := poll(b.get("/posts/1").says("Publishing", "Edit"))
	if body := b.getHX(again).want(http.StatusNoContent).body; body != "" {
		t.Errorf("nothing happened, and the answer is %q", body)
	}
	settle("tiny", published)
	half := b.getHX(again).want(http.StatusOK).says("1 of 2 published", "Open on Tiny", "Edit")
	if say := half.doc().Find("#say").Text(); say != "Trials published on Tiny." {
		t.Errorf("it says %q", say)
	}
	again = poll(half)
	if half.doc().Find("#post .timeline, #post .post-said").Length() != 2 || half.doc().Find("#post #post-head, #post #post-status").Length() != 2 {
		t.Error("the answer is not the whole page")
	}
	b.getHX(again).want(http.StatusNoContent)
	settle("wide", `status = 'FAILED', phase = 'rejected', code = 'duplicate', next_at = NULL`)
	done := b.getHX(again).want(statusStopPolling).says("Needs attention", "Wide has seen this text before", "Try again", "Move to")
	if say := done.doc().Find("#say").Text(); say != "Trials: Needs attention." {
		t.Errorf("it says %q", say)
	}
	if done.doc().Find("[hx-get*=status], [data-poll]").Length() > 0 {
		t.Error("the page looks again for ever")
	}
	settle("wide", strings.Replace(published, "'1'", "'2'", 1))
	end := b.getHX(again).want(statusStopPolling).says("Published").saysNot("Edit", "Move to", "Try again", "Publishing")
	if say := end.doc().Find("#say").Text(); say != "Trials published on Wide." {
		t.Errorf("it says %q", say)
	}
	b.get("/posts/1/edit").to("/posts/1")
}

// TestPageWaitsForThePost: shortly before its time it looks now and then, and
// long before it does not.
func TestPageWaitsForThePost(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	b := s.as(club.Publisher)
	b.post("/posts", with(draft("Trials", s.account("tiny", true, club.Working)), "do", "schedule")).want(http.StatusSeeOther)
	due := s.only().Deliveries[0].DueAt
	for _, tt := range []struct {
		before time.Duration
		every  string
	}{{24 * time.Hour, ""}, {14 * time.Minute, "every 15s"}, {20 * time.Second, "every 2s"}, {-time.Second, "every 2s"}} {
		s.clock.Advance(due.Add(-tt.before).Sub(s.clock.Now()))
		if got := s.as(club.Publisher).get("/posts/1").doc().Find("#post").AttrOr("hx-trigger", ""); got != tt.every {
			t.Errorf("%s before its time the page looks %q, want %q", tt.before, got, tt.every)
		}
	}
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
	b.post("/posts", with(form, "text", "Trials for everybody under twelve", "version", "2", "do", "schedule")).to("/calendar#card-1")
	p := s.only()
	if p.Live.Content.Text != "Trials for everybody under twelve" || len(p.Live.Content.Accounts) != 2 {
		t.Errorf("live is %+v", p.Live.Content)
	}
}

// TestOneAnswerForSeveralAccounts: it is carried out on all of them or on none,
// and the audit log tells who gave it.
func TestOneAnswerForSeveralAccounts(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	ids := s.trouble(club.NeedsAttention, club.Late, "late", `{"time":"2026-11-24T18:30:00Z"}`, s.account("tiny", true, club.Working), s.account("wide", true, club.Working))
	b := s.as(club.Publisher)
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE deliveries SET status = 'PUBLISHING', phase = 'sending' WHERE id = unhex(?)`, ids[1]); err != nil {
		t.Fatal(err)
	}
	b.post("/deliveries/"+ids[0]+"/answer", decide("discard", "also", ids[1])).to("/posts/1")
	b.get("/posts/1").says("This post is already on its way")
	if d := s.only().Deliveries[0]; d.Status != club.NeedsAttention {
		t.Errorf("half an answer was carried out: %s", d.Status)
	}
	if n := len(s.audited("post_left_out")); n != 0 {
		t.Errorf("%d answers are in the audit log that were not carried out", n)
	}
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE deliveries SET status = 'NEEDS_ATTENTION', phase = 'late' WHERE id = unhex(?)`, ids[1]); err != nil {
		t.Fatal(err)
	}
	b.post("/deliveries/"+ids[0]+"/answer", decide("retime", "also", ids[1], "date", "2026-11-26", "time", "10:00")).to("/posts/1")
	for _, what := range []string{"1 tiny 0 2026-11-26T10:00:00Z", "1 wide 1 2026-11-26T10:00:00Z"} {
		if got := s.audited("post_retimed"); !slices.Contains(got, what) {
			t.Errorf("the audit log has %q, want %q", got, what)
		}
	}
}

// TestAnswersAreInTheAuditLog: each, with who said what of which account.
func TestAnswersAreInTheAuditLog(t *testing.T) {
	t.Parallel()
	for what, tt := range map[string]struct {
		phase  club.Phase
		form   url.Values
		object string
	}{
		"post_said_there":   {club.Ambiguous, decide("there", "link", "https://tiny.example/1"), "1 tiny 0 https://tiny.example/1"},
		"post_said_missing": {club.Ambiguous, decide("missing"), "1 tiny 0"},
		"post_sent_now":     {club.Late, decide("now"), "1 tiny 0"},
		"post_left_out":     {club.Late, decide("discard"), "1 tiny 0"},
	} {
		s := withTiny(t)
		id := s.trouble(club.NeedsAttention, tt.phase, "late", `{}`, s.account("tiny", true, club.Working))[0]
		s.as(club.Publisher).post("/deliveries/"+id+"/answer", tt.form).to("/posts/1")
		if got := s.audited(what); !slices.Equal(got, []string{tt.object}) {
			t.Errorf("%s: the audit log has %q, want %q", what, got, tt.object)
		}
	}
}

// audited lists the objects of an action that the scene's publisher did.
func (s *scene) audited(action string) []string {
	s.t.Helper()
	all, err := s.db.AuditEntries(s.t.Context(), s.club.ID, 50)
	if err != nil {
		s.t.Fatal(err)
	}
	var out []string
	for _, e := range all {
		if e.Action == action && e.PersonID == s.persons[club.Publisher].ID && e.Origin != "" {
			out = append(out, e.Object)
		}
	}
	return out
}

func TestNoCreditSaysWhereToBuyIt(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	st.trouble(club.Scheduled, club.Blocked, "no_credit", `{"when_next":"2026-11-23T09:30:00Z"}`, st.only(true, x.ID).ID)
	st.as(club.Publisher).get("/posts/1").says(
		"No credit left at X", "We kept the post and try again at", "Nothing was sent.", "An Admin can buy credit at https://console.x.com.").
		saysNot("this month", "plan of your platform app")
}

func TestReconnectingIsOnePressFromTheTrouble(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.goLive()
	st.setUp("meta")
	tom := st.as(club.Publisher)
	st.choose(tom, st.follow(tom, st.leave(tom, "/accounts/connect/facebook", nil), "allow")).to("/accounts")
	account := st.only(false, facebook.ID)
	id := st.trouble(club.NeedsAttention, club.Reconnect, "auth_revoked", `{}`, account.ID)[0]
	if _, err := st.db.Writer().ExecContext(t.Context(), `UPDATE connections SET health = 'reconnect'`); err != nil {
		t.Fatal(err)
	}

	page := tom.get("/posts/1")
	form := page.doc().Find(`.failure form[action="` + pathOf(account) + `/reconnect"]`)
	address := st.leave(tom, pathOf(account)+"/reconnect", url.Values{"to": {form.Find(`[name="to"]`).AttrOr("value", "")}})
	u := parse(t, address)
	if policy := page.Header.Get("Content-Security-Policy"); !strings.Contains(policy, "form-action 'self' "+u.Scheme+"://"+u.Host+";") {
		t.Errorf("policy %q does not let the form lead to %s", policy, u.Host)
	}
	back := tom.get(st.follow(tom, address, "allow")).to("/posts/1")
	if got, want := back.Header.Get("Location"), "/posts/1#failure-"+id; got != want {
		t.Errorf("it comes back to %s, want %s", got, want)
	}

	if _, err := st.db.Writer().ExecContext(t.Context(), `UPDATE connections SET health = 'reconnect'`); err != nil {
		t.Fatal(err)
	}
	ines := st.as(club.Writer).get("/posts/1").doc()
	if ines.Find(`.failure form`).Length() > 0 || ines.Find(`.failure a[href="`+pathOf(account)+`"]`).Length() == 0 {
		t.Error("who may not connect accounts is not led to the account")
	}
}

// TestAPostThatWaitsForAnUpdateDoesNotAskToReconnect: that would not help, and no
// time is promised.
func TestAPostThatWaitsForAnUpdateDoesNotAskToReconnect(t *testing.T) {
	t.Parallel()
	s := withTiny(t)
	a := s.account("tiny", true, club.Paused)
	s.trouble(club.Scheduled, club.Blocked, "version_over", `{}`, a)
	page := s.as(club.Publisher).get("/posts/1").want(http.StatusOK)
	page.says("An update of Bandstand is needed", "Waits for an update of Bandstand.").saysNot("Reconnect", "waits until", "Waits until")
	s.as(club.Publisher).get("/posts/new").want(http.StatusOK).says("Waits for an update of Bandstand.")
}
