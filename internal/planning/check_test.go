package planning_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// TestACheckOfManyDraftsAsksNoMoreThanOfFew: accounts, pictures, links and other
// posts are read at once, for a season as for a single post.
func TestACheckOfManyDraftsAsksNoMoreThanOfFew(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	var accounts []int64
	for _, p := range worlds.All() {
		accounts = append(accounts, s.account(p.Info().ID))
	}
	plans := make([]planning.Plan, 500)
	for i := range plans {
		address := fmt.Sprintf("https://club.example/%d", i)
		if i < 20 {
			s.picture(i+1, 900, 900)
			s.card(address, "Match day", fmt.Sprintf("%032x", i+1))
		}
		content := club.Content{
			Text: fmt.Sprintf("Match %d", i), Accounts: accounts, Link: address,
			Texts: map[int64]string{accounts[0]: fmt.Sprintf("Own %d", i)},
			Media: []club.ContentMedia{{ID: fmt.Sprintf("%032x", i%20+1), Alt: "Team"}},
		}
		slot, err := club.SlotAt(tomorrow.Add(time.Duration(i)*time.Hour), "UTC")
		if err != nil {
			t.Fatal(err)
		}
		plans[i] = planning.Plan{Content: content.Normal(), Slot: slot}
	}
	check := func(plans []planning.Plan) []string {
		return storetest.Statements(t, s.db, func() {
			all, err := s.desk.CheckAll(t.Context(), s.ClubID, plans)
			if err != nil || len(all) != len(plans) {
				t.Fatalf("%d of %d were checked: %v", len(all), len(plans), err)
			}
			for i, c := range all {
				if len(c.Drafts) != len(accounts) || len(c.Drafts[0].Media) != 1 || c.Blocked() {
					t.Fatalf("plan %d: %d drafts, %v", i, len(c.Drafts), codes(c.Findings))
				}
			}
		})
	}
	few, many := check(plans[:5]), check(plans)
	// Accounts, cards, pictures, their copies, and other posts.
	if len(few) != 5 || len(many) != 5 {
		t.Errorf("5 drafts: %d queries, 500 drafts: %d; want 5 for both:\n%s", len(few), len(many), strings.Join(many, "\n"))
	}
}

func TestWhatACheckFinds(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	brass, wood, broken, waits := s.account("brass"), s.account("wood"), s.account("strings"), s.account("voices")
	s.Exec(`UPDATE connections SET health = 'reconnect' WHERE id = ?`, broken)
	s.Exec(`UPDATE connections SET health = 'paused' WHERE id = ?`, waits)
	wide := s.picture(1, 3000, 1000)
	long := strings.Repeat("la ", 20)
	for name, tt := range map[string]struct {
		content club.Content
		public  []int64
		want    []string
	}{
		"nothing":      {club.Content{Text: "Trials", Accounts: []int64{brass}}, nil, nil},
		"no account":   {club.Content{Text: "Trials"}, nil, []string{"must_fix account no_account"}},
		"all are done": {club.Content{Text: "Trials", Accounts: []int64{brass}}, []int64{brass}, []string{"must_fix account no_account"}},
		"too long for two": {
			club.Content{Text: long, Accounts: []int64{wood, brass}},
			nil,
			[]string{"must_fix text text_too_long " + fmt.Sprint(brass), "must_fix text text_too_long " + fmt.Sprint(wood)},
		},
		"an own text that is short enough": {
			club.Content{Text: long, Accounts: []int64{brass, wood}, Texts: map[int64]string{wood: "La"}},
			nil,
			[]string{"must_fix text text_too_long " + fmt.Sprint(brass)},
		},
		"an account that is broken":           {club.Content{Text: "Trials", Accounts: []int64{broken}}, nil, []string{"must_fix account reconnect_first " + fmt.Sprint(broken)}},
		"an account that waits for an update": {club.Content{Text: "Trials", Accounts: []int64{waits}}, nil, nil},
		"no address":                          {club.Content{Text: "Trials", Link: "our page", Accounts: []int64{brass}}, nil, []string{"must_fix link link_form"}},
		"a shape that the account does not take": {
			club.Content{Text: "Trials", Accounts: []int64{brass}, Media: []club.ContentMedia{{ID: wide, Alt: "Team"}}},
			nil,
			[]string{"must_fix media media_aspect " + fmt.Sprint(brass)},
		},
		"the same, cut": {
			club.Content{Text: "Trials", Accounts: []int64{brass}, Media: []club.ContentMedia{{ID: wide, Alt: "Team", Fit: map[int64]platforms.Fit{brass: platforms.FitCrop}}}},
			nil, nil,
		},
	} {
		all, err := s.desk.CheckAll(t.Context(), s.ClubID, []planning.Plan{{Content: tt.content, Public: tt.public}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tt.want, codes(all[0].Findings)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		for _, f := range all[0].Findings {
			if f.Field == "media" && f.Media != wide {
				t.Errorf("%s: %s is said of picture %q", name, f.Code, f.Media)
			}
		}
	}
}

// TestACommentThatTheSignInDoesNotAllowIsSaidBefore: the post can be scheduled all the
// same, and a post without a comment is not spoken of.
func TestACommentThatTheSignInDoesNotAllowIsSaidBefore(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	drums := s.account("drums")
	find := func(content club.Content) []planning.Finding {
		t.Helper()
		all, err := s.desk.CheckAll(t.Context(), s.ClubID, []planning.Plan{{Content: content}})
		if err != nil {
			t.Fatal(err)
		}
		return all[0].Findings
	}
	alone := club.Content{Text: "Trials", Accounts: []int64{drums}}
	commented := alone
	commented.Parts = []club.Part{{Kind: club.CommentPart, Text: "Sign up below", Accounts: []int64{drums}}}
	if got := codes(find(commented)); got != nil {
		t.Errorf("with every permission: %v", got)
	}
	s.Exec(`UPDATE connections SET missing = '[{"feature":"comments","permission":"feed"}]' WHERE id = ?`, drums)
	if got := codes(find(alone)); got != nil {
		t.Errorf("without a comment: %v", got)
	}
	got := find(commented)
	if want := []string{"look text may_not_comment " + fmt.Sprint(drums)}; !slices.Equal(codes(got), want) || got[0].Part != 1 {
		t.Errorf("found %v of part %d, want %v of part 1", codes(got), got[0].Part, want)
	}
}

// TestATimeThatCannotBeIsFoundToo: what is wrong with a time is a finding like any
// other.
func TestATimeThatCannotBeIsFoundToo(t *testing.T) {
	t.Parallel()
	got := codes(planning.Check(planning.Prepared{Drafts: make([]planning.Draft, 0)}, club.Fault("time", planning.KeyTimePast)))
	if want := []string{"must_fix account no_account", "must_fix time time_past"}; !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
}

// TestOtherPostsAreFoundForEachOfManyPlans: each plan is told of the posts near to
// itself, the nearest first, and of no others.
func TestOtherPostsAreFoundForEachOfManyPlans(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	brass, wood := s.account("brass"), s.account("wood")
	for _, r := range []planning.Request{request("Trials", brass), request("Final", brass, wood)} {
		if got, err := s.desk.Schedule(t.Context(), s.as(club.Admin), r); err != nil || got.Blocked() {
			t.Fatal(err, codes(got.Findings))
		}
	}
	plan := func(text string, at time.Time, accounts ...int64) planning.Plan {
		return planning.Plan{Content: club.Content{Text: text, Accounts: accounts}, Slot: club.Slot{At: at}}
	}
	own := plan("Trials", tomorrow, brass)
	own.PostID = 1
	all, err := s.desk.CheckAll(t.Context(), s.ClubID, []planning.Plan{
		plan("TRIALS ", tomorrow.AddDate(0, 0, 6), brass, wood),
		plan("Other", tomorrow.Add(59*time.Minute), wood),
		plan("Other", tomorrow.Add(61*time.Minute), brass, wood),
		plan("Final", tomorrow.AddDate(0, 0, 8), wood),
		plan("Final", time.Time{}, wood),
		own,
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][]string{
		{fmt.Sprint("look text said_again ", brass)},
		{fmt.Sprint("look when close_by ", wood)},
		nil,
		nil,
		{fmt.Sprint("look text said_again ", wood)}, // about now
		{fmt.Sprint("look when close_by ", brass)},  // of the other post, not of itself
	} {
		if diff := cmp.Diff(want, codes(all[i].Findings)); diff != "" {
			t.Errorf("plan %d (-want +got):\n%s", i, diff)
		}
	}
	if near := all[0].Findings[0].Near; near == nil || near.PostID != 1 || !near.At.Equal(tomorrow) {
		t.Errorf("the same text is said of %+v", near)
	}
	s.Exec(`UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', remote_id = 'r' || post_id, published_at = due_at`)
	again, err := s.desk.CheckAll(t.Context(), s.ClubID, []planning.Plan{plan("Final", tomorrow.Add(time.Minute), wood)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{fmt.Sprint("look text said_before ", wood)}, codes(again[0].Findings)); diff != "" {
		t.Errorf("once it is out (-want +got):\n%s", diff)
	}
	if other, err := s.desk.CheckAll(t.Context(), s.ClubID+1, []planning.Plan{{Content: plan("Final", tomorrow, wood).Content, Accounts: []store.Connection{{ID: wood, Account: platforms.Account{Platform: "wood"}, Health: club.Working}}}}); err != nil || len(other[0].Findings) > 0 {
		t.Errorf("another club is told %v, %v", codes(other[0].Findings), err)
	}
}

// TestADraftHasTheCardOfItsLink: as it will be published, with the picture as the
// account takes it.
func TestADraftHasTheCardOfItsLink(t *testing.T) {
	t.Parallel()
	s := newScene(t)
	brass := s.account("brass")
	s.card("https://club.example/trials", "Trials", s.picture(1, 2000, 1500))
	for typed, want := range map[string]*platforms.Link{
		"club.example/trials": {URL: "https://club.example/trials", Title: "Trials", Image: &platforms.Media{
			ID: fmt.Sprintf("%032x", 1), Name: "team.jpg", Type: "image/jpeg", Width: 1000, Height: 750, Bytes: 1000,
		}},
		"https://club.example/other": {URL: "https://club.example/other"},
		"not an address":             nil,
		"":                           nil,
	} {
		all, err := s.desk.Drafts(t.Context(), s.ClubID, []planning.Plan{{Content: club.Content{Link: typed, Accounts: []int64{brass}}}})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, all[0].Drafts[0].Link); diff != "" {
			t.Errorf("%q (-want +got):\n%s", typed, diff)
		}
	}
}
