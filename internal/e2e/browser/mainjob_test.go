//go:build browser

package browser

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/chromedp/chromedp"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/demo"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// connectEverything connects one account on each platform through its consent
// pages.
func (b *tab) connectEverything(h *household) {
	b.t.Helper()
	connected := map[platforms.ID]bool{}
	for _, p := range h.PracticePlatforms().All() {
		info := p.Info()
		if connected[info.ID] {
			continue
		}
		b.clicks = 0
		// The empty calendar offers it, and so do the accounts.
		b.load(func() { b.click("Connect an account") })
		b.load(func() { b.click(info.Name) })
		for key, value := range e2ekit.PracticeSignIn(info.ID) {
			b.fill("in-"+key, value)
		}
		if _, typed := p.(platforms.PasswordSignIn); typed {
			b.load(func() { b.click("Connect " + info.Name) })
		} else {
			b.load(func() { b.click("Go to ") })
			b.look("consent-" + string(info.ID))
			b.load(func() { script[bool](b, `document.querySelector("button[value=allow]").click(), true`) })
			b.sees("Which accounts should Bandstand use?")
			b.load(func() { b.click("Connect") })
		}
		b.sees("Connected.")
		b.within("job 2, connect "+info.Name, 5)
		all, err := h.DB().Connections(b.t.Context(), h.scope(b.t))
		if err != nil {
			b.t.Fatal(err)
		}
		for _, c := range all {
			connected[c.Account.Platform] = true
		}
	}
	if len(connected) != len(e2ekit.Catalogue().Platforms) {
		b.fail("not every platform has an account")
	}
}

// TestBrowserMainJob is the whole line through every layer: from an empty
// installation to a post on five platforms with its first numbers.
func TestBrowserMainJob(t *testing.T) {
	for _, v := range []view{phone, desktop} {
		t.Run(v.name, func(t *testing.T) {
			h := startHousehold(t)
			b := newTab(t, h.Base().String(), v)
			b.setUp(h.greeting)
			b.within("job 1, set-up", 9)
			b.open("/calendar")
			b.connectEverything(h)
			post := b.writePost(h)
			b.publish(h, post)
			b.numbers(h)
		})
	}
}

const mainText = "Under-12 trials are open: bring boots, water and curiosity. Tuesdays at five on pitch two. #riverside"

// writePost writes a post with two pictures and schedules it.
func (b *tab) writePost(h *household) string {
	b.t.Helper()
	b.open("/calendar")
	b.clicks = 0
	b.load(func() { b.click("New post") })
	b.tickEveryAccount()
	b.fill("text", mainText)
	b.do(chromedp.SetUploadFiles("#files", photoFiles(b.t)))
	b.clicks++ // the button that opens the system's picker
	b.until(`document.querySelectorAll("#tray .tile-img").length === 2`)
	for i, s := range demo.Pictures()[:2] {
		b.until(`document.querySelectorAll("#tray .tile")[` + strconv.Itoa(i) + `].textContent.includes(` + quoted(s.Name) + `)`)
		id := script[string](b, `document.querySelectorAll("#tray textarea")[`+strconv.Itoa(i)+`].id`)
		b.fill(id, s.Alt)
	}
	if b.view.touch {
		b.click("Preview")
	}
	for i, p := range h.PracticePlatforms().All() {
		b.until(`document.querySelectorAll("#preview [role=tab]").length > ` + strconv.Itoa(i))
		script[bool](b, `document.querySelectorAll("#preview [role=tab]")[`+strconv.Itoa(i)+`].click(), true`)
		b.sees("Roughly how it will look on " + p.Info().Name)
	}
	b.until(`[...document.querySelectorAll("#preview .preview-card")].every((c) => c.querySelector("img"))`)
	b.sees("Ready for 5 accounts")
	b.look("mainjob-preview")
	if b.view.touch {
		b.click("Write")
	}
	b.click("When")
	loc, err := time.LoadLocation("Europe/Dublin")
	if err != nil {
		b.t.Fatal(err)
	}
	due := h.clock.Now().In(loc).Add(soon)
	b.click("Pick a time")
	b.fill("date", due.Format(time.DateOnly))
	b.fill("time", due.Format("15:04"))
	b.look("mainjob-when")
	b.load(func() { b.click("Schedule") })
	b.within("job 3, one post", 7)
	b.sees("Scheduled for")
	b.look("mainjob-scheduled")
	posts, err := h.DB().Posts(b.t.Context(), h.scope(b.t), store.PostFilter{Limit: 10})
	if err != nil || len(posts) != 1 || posts[0].Status() != club.Scheduled {
		b.t.Fatalf("posts: %v, %v; want one that is scheduled", posts, err)
	}
	return postPath(posts[0].ID)
}

// publish lets the time come and compares what platforms show with what was
// written.
func (b *tab) publish(h *household, post string) {
	b.t.Helper()
	b.open(post)
	b.sees("Scheduled")
	h.clock.Advance(soon)
	b.open(post)
	b.until(`document.querySelectorAll("#post-status .delivery[data-status=PUBLISHED]").length === ` + strconv.Itoa(len(e2ekit.Catalogue().Platforms)))
	b.until(`document.querySelector("#post-head .badge").dataset.status === "PUBLISHED"`)
	b.look("mainjob-published")
	world, err := h.Worlds().Of(h.scope(b.t).ClubID)
	if err != nil {
		b.t.Fatal(err)
	}
	seen := map[platforms.ID]int{}
	for _, p := range world.Posts() {
		seen[p.Platform]++
		if p.Text != mainText {
			b.t.Errorf("%s shows %q, want %q", p.Platform, p.Text, mainText)
		}
		var alts []string
		for _, m := range p.Media {
			alts = append(alts, m.Alt)
			if got := float64(m.Width) / float64(m.Height); got < 1.2 || got > 1.4 {
				b.t.Errorf("%s shows a picture of %d × %d, want 4:3", p.Platform, m.Width, m.Height)
			}
		}
		if want := []string{demo.Pictures()[0].Alt, demo.Pictures()[1].Alt}; !slices.Equal(alts, want) {
			b.t.Errorf("%s describes the pictures as %q, want %q", p.Platform, alts, want)
		}
	}
	for _, p := range h.PracticePlatforms().All() {
		if id := p.Info().ID; seen[id] != 1 {
			b.t.Errorf("%s has the post %d times, want once", id, seen[id])
		}
	}
	b.open("/practice")
	b.sees(mainText)
	b.look("practice")
}

// numbers asks for the first numbers and finds them.
func (b *tab) numbers(h *household) {
	b.t.Helper()
	h.clock.Advance(5 * time.Minute)
	b.open("/calendar")
	b.clicks = 0
	b.menu("Results")
	b.within("job 5, results", 3)
	b.load(func() { b.click("Refresh numbers") })
	b.sees("We ask for")
	h.takeNumbers(b.t, len(e2ekit.Catalogue().Platforms))
	b.open("/results")
	b.until(`[...document.querySelectorAll(".result-row")].length === ` + strconv.Itoa(len(e2ekit.Catalogue().Platforms)) + ` && ![...document.querySelectorAll(".result-row")].some((e) => e.textContent.includes("No numbers yet"))`)
	b.look("mainjob-results")
}
