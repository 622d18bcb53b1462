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
