//go:build browser

package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// screen is one page in one state.
type screen struct {
	name string
	path string
	sees string // a text that is there when the page is
	do   func(b *tab)
}

// TestBrowserEveryScreen looks at each screen of a club that has lived through
// two months, in every view.
func TestBrowserEveryScreen(t *testing.T) {
	app := startDemo(t)
	screens := demoScreens(t, app)
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			b := newTab(t, app.means.base.String(), v)
			b.expected = []string{"404", "422", "403"}
			b.open("/demo/" + app.demo.Token)
			b.look("demo-door")
			b.load(func() { b.click("Open Riverside FC") })
			for _, s := range screens {
				b.open(s.path)
				if s.sees != "" {
					b.sees(s.sees)
				}
				if s.do != nil {
					s.do(b)
				}
				b.look(s.name)
			}
		})
	}
}

// look takes a picture and checks what can be checked of any screen.
func (b *tab) look(name string) {
	b.t.Helper()
	b.until(`document.readyState === "complete"`)
	b.shot(name)
	b.accessible(name)
}

// demoScreens are the screens of the demo.
func demoScreens(t *testing.T, app *App) []screen {
	t.Helper()
	s := store.Scope{ClubID: app.demo.ClubID, PersonID: app.demo.PersonID}
	posts, err := app.db.Posts(t.Context(), s, store.PostFilter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	one := map[club.Status]int64{}
	for _, p := range posts {
		if one[p.Status()] == 0 {
			one[p.Status()] = p.ID
		}
	}
	post := func(status club.Status, rest string) string { return fmt.Sprintf("/posts/%d%s", one[status], rest) }
	busy := app.now().AddDate(0, 0, 1).Format(time.DateOnly)
	return []screen{
		{"calendar", "/calendar", "Calendar", nil},
		{"calendar-month", "/calendar?view=month", "Calendar", nil},
		{"calendar-list", "/calendar?view=list", "Calendar", nil},
		{"calendar-filtered", "/calendar?view=list&status=DRAFT", "Draft", nil},
		{"calendar-empty", "/calendar?view=list&date=2040-01-01", "", nil},
		{"calendar-day", "/calendar/day/" + busy, "", nil},
		{"calendar-keys", "/calendar/keys", "", nil},
		{"move-page", post(club.Scheduled, "/move"), "Move", nil},
		{"post-scheduled", post(club.Scheduled, ""), "Scheduled", nil},
		{"post-published", post(club.Published, ""), "Published", nil},
		{"post-attention", post(club.NeedsAttention, ""), "What happened", nil},
		{"post-draft", post(club.Draft, ""), "Draft", nil},
		{"posts", "/posts", "Posts", nil},
		{"posts-drafts", "/posts?show=draft", "Posts", nil},
		{"posts-none", "/posts?q=zzz", "Posts", nil},
		{"composer-new", "/posts/new", "New post", nil},
		{"composer-edit", post(club.Scheduled, "/edit"), "", nil},
		{"results", "/results", "Results", nil},
		{"notices", "/notices", "", nil},
		{"members", "/settings/members", "Tom Reid", nil},
		{"settings", "/settings", "Riverside FC", nil},
		{"status", "/settings/status", "How Bandstand is", nil},
		{"new-club", "/clubs/new", "", nil},
		{"profile", "/profile", "Your profile", nil},
		{"not-found", "/nowhere", "There is nothing at this address", nil},
	}
}
