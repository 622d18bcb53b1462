package handlers

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// withParts is a scene with a platform that takes threads of three posts, one that
// takes a first comment of twelve characters and stories, and one that takes neither.
func withParts(t *testing.T) *scene {
	t.Helper()
	comment := tiny{id: "talk", name: "Talk", max: 12}.feed()
	return newScene(t, func(c *Config) {
		c.Practice = platforms.NewRegistry(
			tiny{id: "chain", name: "Chain", max: 20, parts: platforms.PartRules{Thread: 3}},
			tiny{id: "talk", name: "Talk", max: 100, parts: platforms.PartRules{Comment: &comment}, story: true},
			tiny{id: "plain", name: "Plain", max: 100},
		)
		c.Real = platforms.NewRegistry()
		c.Platforms = func(_ int64, practice bool) *platforms.Registry {
			if practice {
				return c.Practice
			}
			return c.Real
		}
	})
}

// following adds further texts to a composer form: kind, text, kind, text …
func following(form url.Values, parts ...string) url.Values {
	for i := 0; i+1 < len(parts); i += 2 {
		form["part_kind"] = append(form["part_kind"], parts[i])
		form["part_text"] = append(form["part_text"], parts[i+1])
	}
	return form
}

func TestFurtherTextsAreOfferedWhereAnAccountTakesThem(t *testing.T) {
	t.Parallel()
	s := withParts(t)
	chain, talk, plain := s.account("chain", true, club.Working), s.account("talk", true, club.Working), s.account("plain", true, club.Working)
	b := s.as(club.Writer)
	for _, tt := range []struct {
		accounts        []int64
		thread, comment string
	}{
		{[]int64{chain, talk, plain}, "Chain", "Talk"},
		{[]int64{chain}, "Chain", ""},
		{[]int64{talk, plain}, "", "Talk"},
		{[]int64{plain}, "", ""},
	} {
		page := b.post("/posts", with(draft("Training", tt.accounts...), "do", "show")).want(http.StatusOK).doc()
		if got := strings.TrimSpace(page.Find("#add-thread .chip-sub").Text()); got != tt.thread {
			t.Errorf("%v: a thread is offered for %q, want %q", tt.accounts, got, tt.thread)
		}
		if got := strings.TrimSpace(page.Find("#add-comment .chip-sub").Text()); got != tt.comment {
			t.Errorf("%v: a comment is offered for %q, want %q", tt.accounts, got, tt.comment)
		}
	}
}

func TestFurtherTextsAreWrittenWithoutScript(t *testing.T) {
	t.Parallel()
	s := withParts(t)
	chain, talk := s.account("chain", true, club.Working), s.account("talk", true, club.Working)
	b := s.as(club.Writer)
	form := following(draft("Training", chain, talk), "comment", "Questions?")
	page := b.post("/posts", with(form, "do", "thread")).want(http.StatusOK).doc()
	fields := page.Find(".part-field")
	if fields.Length() != 2 || fields.First().AttrOr("data-kind", "") != "thread" || page.Find("#part-2").Text() != "Questions?" {
		t.Fatalf("the thread does not go on before the comment:\n%s", page.Find("#parts").Text())
	}
	if got := strings.TrimSpace(page.Find("#for-part-1").Text()); got != "For Chain." {
		t.Errorf("the second post of the thread is %q", got)
	}
	if page.Find("#add-comment").Length() != 0 {
		t.Error("a second comment is offered")
	}
	form = following(draft("Training", chain, talk), "thread", "Bring boots", "comment", "Questions?")
	page = b.post("/posts", with(form, "do", "dropped-1")).want(http.StatusOK).doc()
	if page.Find(".part-field").Length() != 1 || page.Find("#part-1").Text() != "Questions?" {
		t.Errorf("the wrong text was taken away:\n%s", page.Find("#parts").Text())
	}
}

func TestThreadAndCommentBecomeDeliveriesThatFollow(t *testing.T) {
	t.Parallel()
	s := withParts(t)
	chain, talk := s.account("chain", true, club.Working), s.account("talk", true, club.Working)
	form := following(draft("Training", chain, talk), "thread", "Bring boots", "thread", "And water", "comment", "Questions?")
	s.as(club.Publisher).post("/posts", with(form, "do", "schedule")).want(http.StatusSeeOther)
	p := s.only()
	type place struct {
		connection int64
		part       int
	}
	got := map[place]club.Phase{}
	for _, d := range p.Deliveries {
		got[place{d.ConnectionID, d.Part}] = d.Phase
	}
	want := map[place]club.Phase{
		{chain, 0}: club.Waiting, {chain, 1}: club.AfterPart, {chain, 2}: club.AfterPart, {talk, 0}: club.Waiting, {talk, 1}: club.AfterPart,
	}
	if len(got) != len(want) {
		t.Fatalf("deliveries %v, want %v", got, want)
	}
	for at, phase := range want {
		if got[at] != phase {
			t.Errorf("%v is %q, want %q", at, got[at], phase)
		}
	}
	if p.Status() != club.Scheduled {
		t.Errorf("the post is %s", p.Status())
	}
}

func TestFurtherTextsThatCannotGoOutAreSaidBeforeScheduling(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		parts  []string
		more   []string
		says   string
		field  string
		blocks bool
	}{
		"an empty post of a thread":         {[]string{"thread", "  "}, nil, "Thread, post 2: There is nothing to post yet", "#part-1", true},
		"a post of a thread too long":       {[]string{"thread", strings.Repeat("x", 21)}, nil, "Thread, post 2:", "#part-1", true},
		"more posts than a thread may have": {[]string{"thread", "2", "thread", "3", "thread", "4"}, nil, "4 posts are one thread; 3 are allowed", "#part-3", true},
		"a comment too long":                {[]string{"comment", "thirteen char"}, nil, "First comment:", "#part-1", true},
		"an unknown setting":                {nil, []string{"option-$talk-colour", "red"}, "does not offer one of the settings", "#option-$talk-colour", true},
		"an unknown kind of post":           {nil, []string{"format-$talk", "opera"}, "This kind of post cannot be published there", "#format-$talk", true},
		"a story without a picture":         {nil, []string{"format-$talk", "story"}, "needs a picture", "#files", true},
		"a story with a text":               {nil, []string{"format-$talk", "story"}, "shows no text with a story", "#text", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := withParts(t)
			chain, talk := s.account("chain", true, club.Working), s.account("talk", true, club.Working)
			fill := strings.NewReplacer("$talk", id64(talk))
			form := following(draft("Training", chain, talk), tt.parts...)
			for i := 0; i+1 < len(tt.more); i += 2 {
				form[fill.Replace(tt.more[i])] = []string{tt.more[i+1]}
			}
			a := s.as(club.Publisher).post("/posts", with(form, "do", "schedule"))
			if tt.blocks {
				a.want(http.StatusUnprocessableEntity)
			}
			link := a.says(tt.says).doc().Find(".problem-group a").FilterFunction(func(_ int, l *goquery.Selection) bool {
				return strings.Contains(strings.Join(strings.Fields(l.Text()), " "), tt.says)
			})
			if got := link.AttrOr("href", ""); got != fill.Replace(tt.field) {
				t.Errorf("the problem leads to %q, want %q", got, fill.Replace(tt.field))
			}
			for i := 1; i < len(tt.parts); i += 2 {
				if got := a.doc().Find("#part-" + id64(int64(i+1)/2)).Text(); got != tt.parts[i] {
					t.Errorf("typed %q, shown again is %q", tt.parts[i], got)
				}
			}
		})
	}
}

func TestFurtherTextForNobodyIsKeptAndSaid(t *testing.T) {
	t.Parallel()
	s := withParts(t)
	plain := s.account("plain", true, club.Working)
	b := s.as(club.Publisher)
	form := following(draft("Training", plain), "comment", "Questions?")
	b.post("/posts", with(form, "do", "show")).want(http.StatusOK).says("None of the chosen accounts takes this text")
	b.post("/posts", with(form, "do", "schedule")).want(http.StatusSeeOther)
	p := s.only()
	if len(p.Deliveries) != 1 || len(p.Content().Parts) != 1 || p.Content().Parts[0].Text != "Questions?" {
		t.Errorf("kept %+v with %d deliveries", p.Content().Parts, len(p.Deliveries))
	}
}

// follower is how a part stands.
type follower struct {
	status club.Status
	phase  club.Phase
	code   string
}

// published makes the post public on its accounts, and what follows it there as given.
func (s *scene) published(account int64, parts ...follower) {
	s.t.Helper()
	s.exec(`UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', remote_id = 'r' || connection_id, published_at = due_at, next_at = NULL WHERE part = 0`)
	for i, f := range parts {
		s.exec(`UPDATE deliveries SET status = ?1, phase = ?2, code = ?3, next_at = NULL, remote_id = CASE ?2 WHEN 'linked' THEN 'part' || part END
			WHERE connection_id = ?4 AND part = ?5`, f.status, f.phase, f.code, account, i+1)
	}
}

func TestFailedFirstCommentLeavesThePostPublished(t *testing.T) {
	t.Parallel()
	s := withParts(t)
	talk := s.account("talk", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", with(following(draft("Training", talk), "comment", "Questions?"), "do", "schedule")).want(http.StatusSeeOther)
	s.published(talk, follower{club.Failed, club.Refused, platforms.CodeRejectedContent})
	page := b.get("/posts/1").want(http.StatusOK).says("The post is out, the first comment is not").says("The post stays as it is")
	if got := page.doc().Find("#post-head b").Text(); got != "The first comment is missing" {
		t.Errorf("the page sums up %q", got)
	}
	if page.doc().Find(".failure").Length() != 1 || page.doc().Find(`.delivery[data-status="PUBLISHED"]`).Length() != 1 {
		t.Error("the post itself is not shown as published beside one failure")
	}
	b.get("/posts").want(http.StatusOK).says("A part of it is missing")

	var part string
	for _, d := range s.only().Deliveries {
		if d.Part == 1 {
			part = d.ID
		}
	}
	b.post("/deliveries/"+part+"/answer", url.Values{"answer": {"now"}}).want(http.StatusSeeOther)
	for _, d := range s.only().Deliveries {
		if want := map[int]club.Status{0: club.Published, 1: club.Scheduled}[d.Part]; d.Status != want {
			t.Errorf("part %d is %s after \"Try again\", want %s", d.Part, d.Status, want)
		}
	}
}

func TestBrokenThreadSaysHowManyPostsArePublic(t *testing.T) {
	t.Parallel()
	s := withParts(t)
	chain := s.account("chain", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", with(following(draft("Training", chain), "thread", "Bring boots", "thread", "And water"), "do", "schedule")).want(http.StatusSeeOther)
	s.published(chain, follower{club.Failed, club.Refused, platforms.CodeSpam}, follower{club.Scheduled, club.AfterPart, platforms.CodePartBefore})
	page := b.get("/posts/1").want(http.StatusOK).says("Only 1 of 3 posts of the thread are public").says("so that the order stays right").says("Waits for the part before it")
	if n := page.doc().Find(".failure").Length(); n != 1 {
		t.Errorf("%d failures are shown, want one: the last part only waits", n)
	}
	if page.doc().Find("[hx-trigger]").FilterFunction(func(_ int, x *goquery.Selection) bool { return strings.Contains(x.AttrOr("hx-get", ""), "/status") }).Length() != 0 {
		t.Error("the page goes on asking, though nothing happens by itself")
	}
}

func TestPartThatFollowsADeletedPostAsks(t *testing.T) {
	t.Parallel()
	s := withParts(t)
	chain := s.account("chain", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", with(following(draft("Training", chain), "thread", "Bring boots"), "do", "schedule")).want(http.StatusSeeOther)
	s.published(chain, follower{club.NeedsAttention, club.Partial, platforms.CodeParentGone})
	page := b.get("/posts/1").want(http.StatusOK).says("is no longer on Chain", "there is nothing it could follow", "Leave this part out")
	if got := strings.TrimSpace(page.doc().Find(`.failure .btn[data-kind="main"]`).Text()); !strings.Contains(got, "out") {
		t.Errorf("the main button is %q, want the one that leaves the part out", got)
	}
}

func TestDisconnectingBetweenTwoPartsAsks(t *testing.T) {
	t.Parallel()
	s := withParts(t)
	chain := s.account("chain", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", with(following(draft("Training", chain), "thread", "Bring boots"), "do", "schedule")).want(http.StatusSeeOther)
	s.published(chain, follower{club.Publishing, club.Preparing, ""})
	if err := s.db.Disconnect(t.Context(), s.scope(club.Admin), chain, "test"); err != nil {
		t.Fatal(err)
	}
	b.get("/posts/1").want(http.StatusOK).says("was disconnected before this part went out")
}

func TestWhatIsPublicOfAThreadCannotBeChanged(t *testing.T) {
	t.Parallel()
	s := withParts(t)
	chain := s.account("chain", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", with(following(draft("Training", chain), "thread", "Bring boots", "thread", "And water"), "do", "schedule")).want(http.StatusSeeOther)
	s.published(chain, follower{club.Published, club.Linked, ""}, follower{club.Failed, club.Refused, platforms.CodeSpam})
	page := b.get("/posts/1/edit").want(http.StatusOK).doc()
	if _, fixed := page.Find("#part-1").Attr("readonly"); !fixed || page.Find(`[value="dropped-1"]`).Length() != 0 || page.Find(`[value="dropped-2"]`).Length() != 1 {
		t.Error("the editor offers to change what is public, or not to change what failed")
	}
	form := following(with(draft("Another text", chain), "post", "1", "version", page.Find("[name=version]").AttrOr("value", "")), "thread", "Bring skates", "thread", "And a bottle")
	b.post("/posts", with(form, "do", "draft")).want(http.StatusSeeOther)
	p := s.only()
	if p.Pending == nil || len(p.Pending.Content.Parts) != 2 || p.Pending.Content.Parts[0].Text != "Bring boots" || p.Pending.Content.Parts[1].Text != "And a bottle" {
		t.Fatalf("kept %+v", p.Pending)
	}
	form = with(form, "version", id64(p.Version), "do", "schedule")
	form["part_text"] = []string{"Bring boots", "And a bottle"}
	b.post("/posts", form).want(http.StatusSeeOther)
	for _, d := range s.only().Deliveries {
		if d.Part < 2 && d.Status != club.Published || d.Part == 2 && d.Status != club.Failed && d.Status != club.Scheduled {
			t.Errorf("part %d is %s/%s", d.Part, d.Status, d.Phase)
		}
	}
}

func TestPartThatWasLeftOutKeepsItsPlaceInTheTimeline(t *testing.T) {
	t.Parallel()
	s := withParts(t)
	chain := s.account("chain", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", with(following(draft("Training", chain), "thread", "Bring boots", "thread", "And water"), "do", "schedule")).want(http.StatusSeeOther)
	s.published(chain, follower{club.Failed, club.Refused, platforms.CodeSpam}, follower{club.Scheduled, club.AfterPart, platforms.CodePartBefore})
	var part string
	for _, d := range s.only().Deliveries {
		if d.Part == 1 {
			part = d.ID
		}
	}
	b.post("/deliveries/"+part+"/answer", url.Values{"answer": {"discard"}}).want(http.StatusSeeOther)
	b.get("/posts/1").want(http.StatusOK).says("post 2 of 3").saysNot("post 2 of 1")
}

func TestAccountTakenOffAThreadIsNotADraftOnTheCalendar(t *testing.T) {
	t.Parallel()
	s := withParts(t)
	chain, plain := s.account("chain", true, club.Working), s.account("plain", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", with(following(draft("Training", chain, plain), "thread", "Bring boots"), "do", "schedule")).want(http.StatusSeeOther)
	s.exec(`UPDATE deliveries SET status = 'CANCELLED', phase = '', next_at = NULL WHERE connection_id = ?`, chain)
	now := s.clock.Now()
	found, err := s.db.CalendarPosts(t.Context(), s.scope(club.Publisher), now.AddDate(0, -1, 0), now.AddDate(0, 1, 0))
	if err != nil || len(found) != 1 {
		t.Fatalf("the calendar has %d posts, %v", len(found), err)
	}
	for _, d := range found[0].Deliveries {
		if d.ConnectionID == chain && d.Status != club.Cancelled {
			t.Errorf("the account that was taken off is %s", d.Status)
		}
	}
}

// TestRestOfAPublicThreadIsNotMadeADraft: it was out of sight then, below a post that
// was called published.
func TestRestOfAPublicThreadIsNotMadeADraft(t *testing.T) {
	t.Parallel()
	s := withParts(t)
	chain := s.account("chain", true, club.Working)
	b := s.as(club.Publisher)
	b.post("/posts", with(following(draft("Training", chain), "thread", "Bring boots", "thread", "And water"), "do", "schedule")).want(http.StatusSeeOther)
	s.published(chain, follower{club.NeedsAttention, club.Late, platforms.CodeLate}, follower{club.Scheduled, club.AfterPart, platforms.CodePartBefore})
	b.post("/waiting", url.Values{"post": {"1"}, "answer": {"draft"}}).want(http.StatusSeeOther)
	b.get("/waiting").want(http.StatusOK).says("A part of this post is public already")
	for _, d := range s.only().Deliveries {
		if want := []club.Status{club.Published, club.NeedsAttention, club.Scheduled}[d.Part]; d.Status != want {
			t.Errorf("part %d is %s, want %s", d.Part, d.Status, want)
		}
	}
}
