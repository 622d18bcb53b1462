//go:build crash

package crash

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/platforms"
)

const (
	reconnectPosts = 5
	// reconnectLimit is how long anything here may take.
	reconnectLimit = time.Minute
	apart          = 2 * time.Minute // posts that catch up (rule P14)
)

// TestReconnect: a platform takes back the sign-in of accounts while posts wait.
// Their admin is told once, signs in again, finds the posts in one list and lets
// them go out with one press: each once, in their order, not all at once.
func TestReconnect(t *testing.T) {
	t.Parallel()
	p := newPair(t, e2ekit.Build(t, e2ekit.FailpointTags))
	greeting := p.app.says("to finish setting up")
	admin := newPerson(t, "http://"+p.listen)
	admin.setUp(greeting)
	renewable := slices.DeleteFunc(e2ekit.Catalogue().Describe(), func(i platforms.Info) bool {
		return !renews(i.ID) || i.Certainty == platforms.CertainByLooking && i.Renewal.Fixed
	})
	for _, i := range renewable {
		admin.connect(i)
	}
	accounts := admin.accounts()
	if len(accounts) != len(renewable) || len(accounts) < 2 {
		t.Fatalf("%d accounts on %d platforms", len(accounts), len(renewable))
	}
	first := p.clock.now().UTC().Truncate(time.Minute).Add(5 * time.Minute)
	for n := range reconnectPosts {
		at := first.Add(time.Duration(n) * time.Minute)
		form := url.Values{
			"op": {fmt.Sprintf("post-%d", n)}, "version": {"0"}, "text": {textOf(n)}, "account": accounts,
			"when": {"time"}, "date": {at.Format(time.DateOnly)}, "time": {at.Format("15:04")}, "do": {"schedule"},
		}
		if got, err := admin.send(admin.base+"/posts", form); err != nil || got.status != http.StatusOK || got.at.Path == "/posts" {
			t.Fatalf("post %d was not taken: %d, %v\n%s", n, got.status, err, got.text())
		}
	}
	for _, i := range renewable {
		p.fault(platforms.SimFault{Platform: i.ID, Operation: "*", Fault: "revoked_token"})
	}

	p.clock.moveTo(first.Add(reconnectPosts * time.Minute))
	bell := func() (reconnect, other int) {
		admin.open("/notices").doc.Find("main li").Each(func(_ int, row *goquery.Selection) {
			if strings.Contains(row.Text(), "needs reconnecting") {
				reconnect++
			} else {
				other++
			}
		})
		return reconnect, other
	}
	p.wants("the admin is told of each account", func() bool { n, _ := bell(); return n == len(accounts) })
	p.clock.advance(3 * time.Hour) // beyond their time of grace
	p.wants("all posts are asked about", func() bool { return len(waitingRows(admin)) == reconnectPosts })
	if n, _ := bell(); n != len(accounts) {
		t.Errorf("the bell has %d lines about %d accounts", n, len(accounts))
	}
	if posts := p.record(); len(posts) > 0 {
		t.Errorf("public without a sign-in: %v", posts)
	}

	p.calm()
	for _, i := range renewable {
		admin.connect(i)
	}
	if rows := waitingRows(admin); len(rows) != reconnectPosts {
		t.Errorf("after signing in again %q wait, want the same", rows)
	}
	page := admin.open("/waiting")
	if groups := page.doc.Find("main section h2"); groups.Length() != 1 {
		t.Errorf("the list has %d groups: %q", groups.Length(), groups.Text())
	}
	admin.press(page, page.doc.Find("main section > form").First(), url.Values{"answer": {"now"}})
	for n := range reconnectPosts {
		p.wants("another post of each account is public", func() bool { return len(p.record()) >= (n+1)*len(accounts) })
		p.clock.advance(apart)
	}
	p.clock.advance(time.Hour)
	p.wants("nothing is left to decide", func() bool { return len(waitingRows(admin)) == 0 })
	last, order := map[string]time.Time{}, map[string][]string{}
	for _, post := range p.record() {
		account := string(post.Platform) + " " + post.Account
		if before, ok := last[account]; ok && post.Time.Sub(before) < apart {
			t.Errorf("%s: %s and the one before are %s apart", account, post.Text, post.Time.Sub(before))
		}
		last[account] = post.Time
		order[account] = append(order[account], post.Text)
	}
	want := make([]string, 0, reconnectPosts)
	for n := range reconnectPosts {
		want = append(want, textOf(n))
	}
	for account, got := range order {
		if !slices.Equal(got, want) {
			t.Errorf("%s has %q, want %q", account, got, want)
		}
	}
	if len(order) != len(accounts) {
		t.Errorf("posts are public for %d accounts, want %d", len(order), len(accounts))
	}
	p.app.stop()
}

// wants waits for a condition.
func (p *pair) wants(what string, condition func() bool) {
	p.t.Helper()
	if !until(p.t, reconnectLimit, condition) {
		p.t.Fatalf("it does not come to this: %s", what)
	}
}

// waitingRows are the posts that a person is asked about.
func waitingRows(of *person) []string {
	return of.open("/waiting").doc.Find("ul.waiting li h3").Map(func(_ int, h *goquery.Selection) string { return h.Text() })
}
