//go:build browser

package browser

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/demo"
	"github.com/bandstand-app/bandstand/store"
)

// withoutScript makes the pages of a tab run no script of their own.
func (b *tab) withoutScript() {
	b.t.Helper()
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return err
	}))
}

// TestBrowserWithoutScript does the five jobs with plain links and forms.
func TestBrowserWithoutScript(t *testing.T) {
	h := startHousehold(t)
	b := newTab(t, h.Base().String(), phone)
	b.expected = []string{"422"}
	b.withoutScript()

	// Set up, and connect an account.
	b.setUp(h.greeting)
	b.sees("Riverside FC is set up")
	b.open("/accounts")
	b.load(func() { b.click("Connect an account") })
	b.load(func() { b.click("X") })
	b.load(func() { b.click("Go to X") })
	b.load(func() { b.click("Authorize app") })
	b.load(func() { b.click("Connect") })
	b.sees("Connected.")

	// Write, see the preview, add a picture, save.
	b.open("/posts/new")
	if script[bool](b, `document.querySelector("bs-composer").matches(":defined")`) {
		t.Fatal("scripts run")
	}
	b.tickEveryAccount()
	b.fill("text", "Match day tomorrow. Gates at two.")
	b.load(func() { b.click("Show preview") })
	b.sees("Roughly how it will look on X")
	b.do(chromedp.SetUploadFiles("#files", photoFiles(t)[:1]))
	b.load(func() { b.click("Upload") })
	b.until(`document.querySelectorAll("#tray .tile-img").length === 1`)
	b.fill(script[string](b, `document.querySelector("#tray textarea").id`), demo.Pictures()[0].Alt)
	b.shot("noscript-composer")
	b.click("More")
	b.load(func() { b.click("Save as draft") })
	b.sees("Saved as a draft")
	s := h.scope(t)
	post := func() store.Post {
		t.Helper()
		posts, err := h.DB().Posts(t.Context(), s, store.PostFilter{Limit: 10})
		if err != nil || len(posts) != 1 {
			t.Fatalf("posts: %v, %v; want one", posts, err)
		}
		p, err := h.DB().Post(t.Context(), s, posts[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	if p := post(); p.Status() != club.Draft || len(p.Content().Media) != 1 || p.Content().Media[0].Alt != demo.Pictures()[0].Alt {
		t.Errorf("saved as %s with %v", p.Status(), p.Content().Media)
	}
	path := postPath(post().ID)

	// A time that has passed is refused at the field; a good one is taken.
	loc, err := time.LoadLocation("Europe/Dublin")
	if err != nil {
		t.Fatal(err)
	}
	b.open(path + "/edit")
	past, due := h.clock.Now().In(loc).Add(-time.Hour), h.clock.Now().In(loc).Add(soon)
	b.click("When")
	b.click("Pick a time")
	b.fill("date", past.Format(time.DateOnly))
	b.fill("time", past.Format("15:04"))
	b.load(func() { b.click("Schedule") })
	b.sees("has passed")
	b.shot("noscript-refused")
	if got := script[string](b, `document.getElementById("text").value`); got != "Match day tomorrow. Gates at two." {
		t.Errorf("after the refusal the text is %q", got)
	}
	b.fill("date", due.Format(time.DateOnly))
	b.fill("time", due.Format("15:04"))
	b.load(func() { b.click("Schedule") })
	b.sees("Scheduled for")

	// Move it by its page.
	b.open(path)
	b.load(func() { b.click("Move to…") })
	b.click("Tomorrow, same time")
	b.load(func() { b.click("Move") })
	b.sees("Moved")
	if got, want := post().Planned.Local, due.AddDate(0, 0, 1).Format("2006-01-02T15:04"); got != want {
		t.Errorf("the post is planned for %s, want %s", got, want)
	}
	b.open(path + "/move")
	b.click("Another time")
	b.fill("to_date", due.Format(time.DateOnly))
	b.fill("to_time", due.Format("15:04"))
	b.load(func() { b.click("Move") })
	b.sees("Moved")

	// It goes out, and there are numbers.
	h.clock.MoveTo(due.Add(2 * time.Second))
	eventually(t, "the post is published", func() bool { return post().Status() == club.Published })
	b.open(path)
	b.sees("Open on X")
	b.open("/results")
	h.clock.Advance(5 * time.Minute)
	b.load(func() { b.click("Refresh numbers") })
	h.takeNumbers(t, 1)
	b.open("/results")
	b.sees("Impressions")
	b.shot("noscript-results")
	b.load(func() { b.click("Most responses first") })
	b.until(`document.querySelector(".sorts [aria-current]").innerText.includes("Most responses")`)
	b.downloads("*.csv", func() { b.click("Download as CSV") })

	// An account loses its sign-in, and a post its time: both are mended.
	failed := h.failing(t)
	b.open("/calendar")
	b.clicks = 0
	b.load(func() { b.click("Notices") })
	b.load(func() { b.click("Open A post") })
	b.load(func() { b.click("Reconnect") })
	asked := b.clicks
	b.load(func() { b.click("Authorize app") })
	b.clicks = asked
	b.sees("Reconnected.")
	b.load(func() { b.click("Publish now") })
	b.within("job 4, fix a failed post without script", 4)
	eventually(t, "the post is published", func() bool {
		p, err := h.DB().Post(t.Context(), s, failed)
		return err == nil && p.Status() == club.Published
	})
	b.open(postPath(failed))
	b.sees("Open on X")
	b.shot("noscript-fixed")
}
