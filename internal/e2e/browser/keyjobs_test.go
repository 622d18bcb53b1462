//go:build browser

package browser

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/demo"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/store"
)

// TestBrowserKeyboardJobs does the jobs of the club one after the other, in the
// usual number of steps, by keys alone.
func TestBrowserKeyboardJobs(t *testing.T) {
	for _, v := range []view{desktop, phone} {
		t.Run(v.name, func(t *testing.T) {
			h := startHousehold(t)
			k := newKeyboard(t, h.Base().String(), v)
			k.setUp(h)
			k.connect()
			k.scheduleThree(h)
			k.fix(h)
			k.results(h)
		})
	}
}

// setUp is job 1, first set-up.
func (k *keyboard) setUp(h *household) {
	k.b.t.Helper()
	k.open(setupPath(k.b.t, h.greeting))
	k.b.clicks = 0
	for _, field := range [][2]string{{"Name", "Maeve Byrne"}, {"Email", "maeve@riverside.example"}, {"Password", "three old tin drums"}, {"Club name", "Riverside FC"}} {
		k.tabTo(field[0])
		k.write(field[1])
	}
	k.tabTo("Time zone")
	k.write("Europe/Dublin")
	k.tabTo("Set up Bandstand")
	k.follow(enter)
	k.sees("Riverside FC is set up")
	k.b.within("job 1, set-up by keyboard", 9)
}

// connect is job 2, connect an account: once by the platform's own screens, and
// once by typing.
func (k *keyboard) connect() {
	k.b.t.Helper()
	k.tabTo("Connect an account")
	k.follow(enter)
	k.skip()
	k.tabTo("Facebook Page")
	k.follow(enter)
	k.skip()
	k.tabTo("Go to Facebook")
	k.follow(enter)
	k.consent("Continue")
	k.skip()
	k.tabTo("Connect")
	k.follow(enter)
	k.sees("Connected.")
	k.b.within("job 2, connect by keyboard", 5)
	k.on("Riverside FC")

	k.backTo("Connect an account")
	k.follow(enter)
	k.skip()
	k.tabTo("Bluesky")
	k.follow(enter)
	k.skip()
	k.tabTo("Handle")
	k.write("riversidefc.test")
	k.tabTo("App password")
	k.write("abcd-efgh-ijkl-mnop")
	k.follow(enter)
	k.sees("Connected.")
	k.b.within("job 2, connect by keyboard and typing", 5)
	k.on("Riverside FC (@riversidefc.test)")
}

// consent says yes on the screens of a platform.
func (k *keyboard) consent(button string) {
	k.b.t.Helper()
	clicks := k.b.clicks
	k.abroad = true
	k.tabTo(button)
	k.follow(enter)
	k.abroad = false
	k.b.clicks = clicks
}

// scheduleThree is job 3, schedule this week's posts.
func (k *keyboard) scheduleThree(h *household) {
	k.b.t.Helper()
	k.open("/calendar")
	k.b.until(`customElements.get("bs-calendar")`)
	k.b.clicks = 0
	k.b.load(func() { k.letter("c") })
	for i, text := range []string{"Under-12 trials are open.", "Match day tomorrow.", "Thank you, sponsors."} {
		k.on("Text for all accounts")
		k.write(text)
		k.tabTo("Add pictures")
		k.choose(photoFiles(k.b.t)[:1])
		k.on("Description (alt text)")
		k.write(demo.Pictures()[0].Alt)
		k.sees("Ready for 3 accounts")
		if i < 2 {
			k.follow(ctrlShiftEntr)
		} else {
			k.follow(ctrlEnter)
		}
		k.sees("Scheduled for")
	}
	k.b.within("job 3, three posts by keyboard", 13)
	posts, err := h.DB().Posts(k.b.t.Context(), h.scope(k.b.t), store.PostFilter{Limit: 10})
	if err != nil || len(posts) != 3 {
		k.b.t.Fatalf("posts: %v, %v; want three", posts, err)
	}
}

// fix is job 4, fix a failed post.
func (k *keyboard) fix(h *household) {
	k.b.t.Helper()
	t := k.b.t
	post := h.failing(t)
	k.open("/calendar")
	k.b.clicks = 0
	k.tabTo("Notices")
	k.follow(enter)
	k.skip()
	k.tabTo("Open A post on")
	k.follow(enter)
	k.skip()
	k.tabTo("Reconnect")
	k.follow(enter)
	k.consent("Continue")
	// Back at the trouble, where there is now something to press; and after it
	// where the trouble was.
	k.sees("Reconnected.")
	k.b.until(`document.activeElement.matches(".failure")`)
	k.tabTo("Publish now")
	k.follow(enter)
	k.b.until(`document.activeElement.matches(".delivery")`)
	// Accounts that stand alike say how they stand together.
	k.b.until(`document.activeElement.matches(".delivery[data-status=PUBLISHED]") && document.getElementById("post").innerText.includes("Published")`)
	k.b.within("job 4, fix a failed post by keyboard", 4)
	p, err := h.DB().Post(t.Context(), h.scope(t), post)
	if err != nil || p.Status() != club.Published {
		t.Fatalf("the post is %s, %v", p.Status(), err)
	}
}

// failing is a post that has met an account which needs reconnecting.
func (h *household) failing(t *testing.T) int64 {
	t.Helper()
	s := h.scope(t)
	world, err := h.Worlds().Of(s.ClubID)
	if err != nil {
		t.Fatal(err)
	}
	all, err := h.DB().Connections(t.Context(), s)
	if err != nil || len(all) == 0 {
		t.Fatalf("accounts: %v, %v", all, err)
	}
	if err := world.Behave(all[0].Account.Platform, practice.SignInGone); err != nil {
		t.Fatal(err)
	}
	due := h.clock.Now().Add(soon)
	slot, err := club.NewSlot(due.UTC().Format(time.DateOnly), due.UTC().Format("15:04"), "UTC")
	if err != nil {
		t.Fatal(err)
	}
	saved, err := h.DB().SchedulePost(t.Context(), s, store.PostChange{Content: club.Content{Text: "Saturday's line-up", Accounts: []int64{all[0].ID}}, Slot: slot}, "test")
	if err != nil {
		t.Fatal(err)
	}
	comes := func(phase club.Phase) {
		t.Helper()
		eventually(t, "a post that is "+string(phase), func() bool {
			p, err := h.DB().Post(t.Context(), s, saved.ID)
			return err == nil && p.Deliveries[0].Phase == phase
		})
	}
	h.clock.MoveTo(due)
	comes(club.Blocked)
	h.clock.MoveTo(due.Add(3 * time.Hour)) // later than the club lets posts be
	comes(club.Reconnect)
	return saved.ID
}

// results is job 5, see how posts did.
func (k *keyboard) results(h *household) {
	k.b.t.Helper()
	k.open("/calendar")
	k.b.clicks = 0
	k.tabTo("Results")
	k.follow(enter)
	k.skip()
	k.tabTo("Most responses first")
	k.follow(enter)
	k.b.until(`document.querySelector(".sorts [aria-current]").innerText.includes("Most responses")`)
	k.skip()
	k.tabTo("Download as CSV")
	k.b.downloads("*.csv", func() { k.press(enter) })
	k.b.within("job 5, results by keyboard", 3)
}

// downloads does something that brings a file.
func (b *tab) downloads(pattern string, fn func()) {
	b.t.Helper()
	dir := b.t.TempDir()
	ctx, cancel := context.WithTimeout(b.ctx, waitFor)
	defer cancel()
	if _, err := chromedp.CallBrowser(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
		Behavior: browser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID,
	}); err != nil {
		b.t.Fatal(err)
	}
	fn()
	eventually(b.t, "a file "+pattern, func() bool {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(found) == 0 {
			return false
		}
		file, err := os.Stat(found[0])
		return err == nil && file.Size() > 0
	})
}
