package practice

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"
	"github.com/google/go-cmp/cmp"
	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/handlers/web/webtest"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/platforms"
)

// tin is a simulator with a record that the test writes.
type tin struct {
	http.Handler
	record []platforms.SimPost
}

func (*tin) Mount() string                           { return "tin" }
func (*tin) Page(*http.Request) (http.Handler, bool) { return nil, false }
func (s *tin) Posts() []platforms.SimPost            { return s.record }
func (*tin) Fault(platforms.SimFault) error          { return nil }
func (s *tin) Reset()                                { s.record = nil }
func (s *tin) Save() ([]byte, error)                 { return json.Marshal(s.record) }
func (s *tin) Load(b []byte) error                   { return json.Unmarshal(b, &s.record) }

// at is a time of the record: minutes after the first.
func at(minutes int) time.Time {
	return time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC).Add(time.Duration(minutes) * time.Minute)
}

// serveFeed runs the practice page on a record.
func serveFeed(t *testing.T, record []platforms.SimPost) *webtest.Room {
	t.Helper()
	worlds := practice.New(practice.Config{
		Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler),
		Simulators: func() []platforms.Simulator { return []platforms.Simulator{&tin{record: record}} },
		Platforms:  func(*http.Client) *platforms.Registry { return platforms.NewRegistry() },
	})
	return webtest.Serve(t, func(app *web.App) []web.Route {
		return (&Room{App: app, Worlds: worlds, GaveLately: func(echo.Context) bool { return true }}).Routes()
	})
}

// outline is the feed as it is heard: each entry in its depth, with the accounts.
func outline(list *goquery.Selection, depth string) []string {
	var out []string
	list.Children().Each(func(_ int, li *goquery.Selection) {
		head := li.ChildrenFiltered(".feed__head").Clone()
		head.Find("[aria-hidden=true], time").Remove()
		line := strings.Join(strings.Fields(head.Text()), " ") + " | " + li.ChildrenFiltered(".feed__text").Text()
		out = append(out, depth+line)
		out = append(out, outline(li.ChildrenFiltered("ol"), depth+"  ")...)
	})
	return out
}

// TestWhatFollowsAPostIsShownBelowItInTheFeed: of what is none of ours.
func TestWhatFollowsAPostIsShownBelowItInTheFeed(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Trials are open. ", 10)
	room := serveFeed(t, []platforms.SimPost{
		{Platform: "tin", Account: "1", ID: "a", Text: long, Time: at(0)},
		{Platform: "tin", Account: "1", ID: "b", Text: "Bring boots", Kind: platforms.SimReply, Parent: "a", Time: at(1)},
		{Platform: "tin", Account: "1", ID: "c", Kind: platforms.SimStory, Time: at(2), Media: []platforms.SimMedia{{Alt: "A ball"}}},
		{Platform: "tin", Account: "1", ID: "d", Text: "See you there", Kind: platforms.SimReply, Parent: "b", Time: at(3)},
		{Platform: "tin", Account: "2", ID: "a", Text: "Sunday", Time: at(4)},
		{Platform: "tin", Account: "2", ID: "e", Text: "Sign up: example.org", Kind: platforms.SimComment, Parent: "a", Time: at(5)},
		{Platform: "tin", Account: "2", ID: "f", Text: "Its post was forgotten", Kind: platforms.SimComment, Parent: "x", Time: at(6)},
	})
	doc := room.Get(club.Viewer, "/practice").Want(http.StatusOK).Doc()
	want := []string{
		"Comment 2 tin | Its post was forgotten",
		"2 tin | Sunday",
		"  Comment on “Sunday” tin, 2 | Sign up: example.org",
		"Story 1 tin | ",
		"1 tin | " + long,
		"  Reply to “Trials are open. Trials are open. Trials are open.…” tin, 1 | Bring boots",
		"  Reply to “Bring boots” tin, 1 | See you there",
	}
	if diff := cmp.Diff(want, outline(doc.Find(".feed"), "")); diff != "" {
		t.Errorf("the feed (-want +got):\n%s", diff)
	}
}

// TestOnePostWithItsPartsOnSeveralAccountsIsShownOnce: a thread on two accounts and a
// comment on a third are one entry, each part once, with the pictures of the part.
func TestOnePostWithItsPartsOnSeveralAccountsIsShownOnce(t *testing.T) {
	t.Parallel()
	picture := []platforms.SimMedia{{Alt: "A map"}}
	room := serveFeed(t, []platforms.SimPost{
		{Platform: "tin", Account: "1", ID: "a1", Text: "Trials", Time: at(0)},
		{Platform: "tin", Account: "2", ID: "a2", Text: "Trials", Time: at(0)},
		{Platform: "tin", Account: "3", ID: "a3", Text: "Trials", Time: at(0)},
		{Platform: "tin", Account: "4", ID: "a4", Text: "", Kind: platforms.SimStory, Time: at(0)},
		{Platform: "tin", Account: "3", ID: "c3", Text: "Sign up: example.org", Kind: platforms.SimComment, Parent: "a3", Time: at(1)},
		{Platform: "tin", Account: "2", ID: "b2", Text: "Bring boots", Kind: platforms.SimReply, Parent: "a2", Media: picture, Time: at(2)},
		{Platform: "tin", Account: "1", ID: "b1", Text: "Bring boots", Kind: platforms.SimReply, Parent: "a1", Media: picture, Time: at(3)},
		{Platform: "tin", Account: "1", ID: "d1", Text: "See you there", Kind: platforms.SimReply, Parent: "b1", Time: at(4)},
	})
	scope := room.Scope(club.Admin)
	ids := make([]int64, 5)
	for n := 1; n <= 4; n++ {
		conn, err := room.DB.Connect(t.Context(), scope, true, platforms.Account{
			Platform: "tin", RemoteID: fmt.Sprint(n), Name: fmt.Sprint("Account ", n), Tokens: platforms.Tokens{Access: platforms.NewSecret("token")},
		}, "test")
		if err != nil {
			t.Fatal(err)
		}
		ids[n] = conn.ID
	}
	thread := []int64{ids[1], ids[2]}
	content := club.Content{Text: "Trials", Accounts: ids[1:], Parts: []club.Part{
		{Kind: club.ThreadPart, Text: "Bring boots", Accounts: thread, Media: []club.ContentMedia{{ID: strings.Repeat("ab", 16), Alt: "A map"}}},
		{Kind: club.ThreadPart, Text: "See you there", Accounts: thread},
		{Kind: club.CommentPart, Text: "Sign up: example.org", Accounts: []int64{ids[3]}},
	}}.Normal()
	body, err := content.JSON()
	if err != nil {
		t.Fatal(err)
	}
	exec := func(query string, args ...any) int64 {
		t.Helper()
		r, err := room.DB.Writer().ExecContext(t.Context(), query, args...)
		if err != nil {
			t.Fatal(err)
		}
		id, err := r.LastInsertId()
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	post := exec(`INSERT INTO posts (club_id, author_id, practice, excerpt, created_at, updated_at, updated_by) VALUES (?, ?, 1, 'Trials', 0, 0, ?)`,
		scope.ClubID, scope.PersonID, scope.PersonID)
	exec(`INSERT INTO revisions (post_id, state, content, hash, created_by, created_at) VALUES (?, 'live', ?, x'00', ?, 0)`, post, string(body), scope.PersonID)
	for i, d := range []struct {
		account, part int
		remote        string
	}{{1, 0, "a1"}, {2, 0, "a2"}, {3, 0, "a3"}, {4, 0, "a4"}, {1, 1, "b1"}, {2, 1, "b2"}, {3, 1, "c3"}, {1, 2, "d1"}} {
		exec(`
			INSERT INTO deliveries (id, club_id, post_id, connection_id, part, status, phase, due_at, remote_id, published_at)
			VALUES (?, ?, ?, ?, ?, 'PUBLISHED', 'linked', 0, ?, 0)`, fmt.Appendf(nil, "%016d", i), scope.ClubID, post, ids[d.account], d.part, d.remote)
	}
	doc := room.Get(club.Viewer, "/practice").Want(http.StatusOK).Doc()
	want := []string{
		"Story Account 4 tin | ",
		"tin, Account 3 tin, Account 2 tin, Account 1 | Trials",
		"  Reply to “Trials” tin, Account 2 tin, Account 1 | Bring boots",
		"  Reply to “Bring boots” tin, Account 1 | See you there",
		"  Comment on “Trials” tin, Account 3 | Sign up: example.org",
	}
	if diff := cmp.Diff(want, outline(doc.Find(".feed"), "")); diff != "" {
		t.Errorf("the feed (-want +got):\n%s", diff)
	}
	if src, ok := doc.Find(".feed__parts .feed__pictures img").Attr("src"); !ok || !strings.Contains(src, strings.Repeat("ab", 16)) {
		t.Errorf("the picture of the part is %q", src)
	}
	if n := doc.Find(`.feed a[href="` + web.PostPath(post) + `"]`).Length(); n != 2 {
		t.Errorf("%d links to the post, want one from the post and one from its story", n)
	}
}
