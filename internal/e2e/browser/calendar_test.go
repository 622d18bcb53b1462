//go:build browser

package browser

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/password"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// plannedClub is an app whose club has posts all over the present month.
type plannedClub struct {
	t   *testing.T
	app *e2ekit.App
	s   store.Scope
	now time.Time
	ids []int64 // accounts, one a platform
}

const bandPassword = "four brass horns play"

// plan furnishes a club that can be signed in to.
func plan(t *testing.T) *plannedClub {
	t.Helper()
	app, _ := startApp(t, e2ekit.Settings{}, e2ekit.NewClock())
	ctx := t.Context()
	hasher := password.New()
	hash, err := hasher.Hash(ctx, bandPassword)
	if err != nil {
		t.Fatal(err)
	}
	p := &plannedClub{t: t, app: app, now: app.Now(), s: e2ekit.Found(t, app, hash)}
	for i, c := range e2ekit.Catalogue().Platforms {
		var id int64
		err := app.DB().Writer().QueryRowContext(ctx, `
			INSERT INTO connections (club_id, platform, practice, remote_id, name, health, connected_by, connected_at)
			VALUES (?, ?, 1, ?, 'Riverside FC', 'working', ?, 0) RETURNING id`,
			p.s.ClubID, c(platforms.Env{}).Info().ID, fmt.Sprint("acc", i), p.s.PersonID).Scan(&id)
		if err != nil {
			t.Fatal(err)
		}
		p.ids = append(p.ids, id)
	}
	return p
}

// at is a time of day, some days from today.
func (p *plannedClub) at(days int, clock string) club.Slot {
	p.t.Helper()
	slot, err := club.NewSlot(p.now.AddDate(0, 0, days).Format("2006-01-02"), clock, "UTC")
	if err != nil {
		p.t.Fatal(err)
	}
	return slot
}

// post makes a post that is scheduled, or a draft.
func (p *plannedClub) post(text string, slot club.Slot, scheduled bool, accounts ...int64) int64 {
	p.t.Helper()
	c := store.PostChange{Content: club.Content{Text: text, Accounts: accounts}, Slot: slot}
	save := func() (store.SavedPost, error) { return p.app.DB().SavePost(p.t.Context(), p.s, c) }
	if scheduled {
		save = func() (store.SavedPost, error) { return p.app.DB().SchedulePost(p.t.Context(), p.s, c, "test") }
	}
	saved, err := save()
	if err != nil {
		p.t.Fatal(err)
	}
	return saved.ID
}

// became puts deliveries of a post into a state that publishing would bring,
// and sets its time, which may be over.
func (p *plannedClub) became(post int64, slot club.Slot, status club.Status, phase club.Phase) {
	p.t.Helper()
	ctx := p.t.Context()
	_, err := p.app.DB().Writer().ExecContext(ctx, `UPDATE deliveries SET status = ?, phase = ?, due_at = ?, next_at = NULL WHERE post_id = ?`, status, phase, slot.At.UnixMilli(), post)
	if err != nil {
		p.t.Fatal(err)
	}
	_, err = p.app.DB().Writer().ExecContext(ctx, `UPDATE posts SET planned_at = ?, planned_local = ? WHERE id = ?`, slot.At.UnixMilli(), slot.Local, post)
	if err != nil {
		p.t.Fatal(err)
	}
}

// month fills the weeks around today.
func (p *plannedClub) month() {
	p.t.Helper()
	soon := p.at(20, "12:00")
	for _, past := range []struct {
		days   int
		clock  string
		text   string
		status club.Status
		phase  club.Phase
		n      int
	}{
		{-17, "18:30", "Training moves indoors from Monday", club.Published, club.Unlinked, 3},
		{-14, "09:00", "Match day! Kick-off 10:30 at the Mill Lane ground", club.Published, club.Unlinked, 2},
		{-14, "20:00", "3–1! What a second half", club.Published, club.Unlinked, 1},
		{-10, "18:30", "Meet the coach: Aoife on ten years of Tuesday nights", club.Published, club.Unlinked, 3},
		{-7, "09:00", "Match day", club.Failed, club.Refused, 1},
		{-5, "12:30", "Ticket sale opens for the winter quiz", club.NeedsAttention, club.Late, 2},
		{-3, "18:30", "Volunteers wanted for the line-marking machine", club.Published, club.Unlinked, 2},
	} {
		id := p.post(past.text, soon, true, p.ids[:past.n]...)
		p.became(id, p.at(past.days, past.clock), past.status, past.phase)
	}
	p.post("Under-12 trials are open! Bring boots and water, and a parent for the form", p.at(3, "18:30"), true, p.ids...)
	p.post("Meet the captain", p.at(5, "19:00"), true, p.ids[0])
	p.post("Ticket sale opens", p.at(6, "12:30"), true, p.ids[:2]...)
	p.post("Match day", p.at(7, "09:00"), true, p.ids[:2]...)
	p.post("Line-up", p.at(7, "09:45"), true, p.ids[1])
	p.post("Half time", p.at(7, "11:15"), false, p.ids[2])
	p.post("Result (write after the game)", p.at(7, "20:00"), false, p.ids[2])
	p.post("Thank you, sponsors", club.Slot{}, false, p.ids...)
	p.post("Trials flyer", club.Slot{}, false, p.ids[0])
	p.post("", club.Slot{}, false)
}

// signIn opens the calendar as somebody who has just signed in.
func (p *plannedClub) signIn(v view) *tab {
	p.t.Helper()
	b := newTab(p.t, p.app.Base().String(), v)
	b.open("/sign-in")
	b.fill("email", "maeve@riverside.example")
	b.fill("password", bandPassword)
	b.load(func() { b.click("Sign in") })
	return b
}

func TestBrowserCalendarLooks(t *testing.T) {
	p := plan(t)
	p.month()
	day := p.now.AddDate(0, 0, 7).Format("2006-01-02")
	for _, v := range views {
		t.Run(v.name, func(t *testing.T) {
			p.t = t
			b := p.signIn(v)
			for _, page := range []struct{ name, path string }{
				{"calendar", "/calendar"},
				{"calendar-month", "/calendar?view=month"},
				{"calendar-list", "/calendar?view=list"},
				{"calendar-filter", "/calendar?status=DRAFT"},
				{"calendar-empty", "/calendar?date=2030-01-01"},
				{"calendar-next", "/calendar?date=" + p.nextMonth(1, "12:00").Date()}, // may show today among its own
				{"calendar-before", "/calendar?date=" + p.nextMonth(-35, "12:00").Date()},
				{"calendar-day", "/calendar/day/" + day},
				{"calendar-keys", "/calendar/keys"},
			} {
				b.open(page.path)
				b.until(`document.querySelector("h1")`)
				b.shot(page.name)
				// The bar at the foot of a phone covers what has not been scrolled up.
				script[bool](b, `document.querySelector(".side").style.position = "static"; true`)
				b.accessible(page.name)
			}
		})
	}
}

// center is the middle of what a selector finds, in the window.
func (b *tab) center(selector string) (x, y float64) {
	b.t.Helper()
	b.until(`document.querySelector(` + strconv.Quote(selector) + `)`)
	at := script[[]float64](b, `(() => { const e = document.querySelector(`+strconv.Quote(selector)+`);
	  const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2]; })()`)
	return at[0], at[1]
}

// rest lets the page's own clock run, for gestures that are made of time.
func (b *tab) rest(ms int) {
	b.t.Helper()
	script[bool](b, fmt.Sprintf(`new Promise((r) => setTimeout(() => r(true), %d))`, ms))
}

// movable: dragging has taken the list over that holds a card.
func movable(card string) string {
	return `Object.keys(document.querySelector(` + strconv.Quote(card) + `).parentNode).some((k) => k.startsWith("Sortable"))`
}

// drag takes what one selector finds to another, in steps as a hand does, and
// lets go unless the drag is ended in another way.
func (b *tab) drag(from, to string, end ...func()) {
	b.t.Helper()
	script[bool](b, `document.querySelector(`+strconv.Quote(to)+`).scrollIntoView({block: "center"}); true`)
	x, y := b.center(from)
	tx, ty := b.center(to)
	left := func(p *input.DispatchMouseEventParams) { p.Button, p.Buttons = input.MouseButtonLeft, 1 }
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
	b.until(movable(from)) // the library comes with the first pointer
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, x, y, left))
	const steps = 12
	for i := range steps {
		f := float64(i+1) / steps
		b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x+(tx-x)*f, y+(ty-y)*f, left))
		b.rest(10)
	}
	for _, f := range end {
		f()
	}
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, tx, ty, left))
}

// key presses one key.
func (b *tab) key(name string) {
	b.t.Helper()
	b.do(chromedp.KeyEvent(name))
}

// nextMonth is a day of the month after the present one: all of it is to come.
func (p *plannedClub) nextMonth(day int, clock string) club.Slot {
	p.t.Helper()
	first := time.Date(p.now.Year(), p.now.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	slot, err := club.NewSlot(first.AddDate(0, 0, day-1).Format("2006-01-02"), clock, "UTC")
	if err != nil {
		p.t.Fatal(err)
	}
	return slot
}

// stands checks where a post is, in the database.
func (p *plannedClub) stands(post int64, want club.Slot) {
	p.t.Helper()
	got, err := p.app.DB().Post(p.t.Context(), p.s, post)
	if err != nil {
		p.t.Fatal(err)
	}
	if got.Planned.Local != want.Local {
		p.t.Errorf("the post is at %s, want %s", got.Planned.Local, want.Local)
	}
}

// TestBrowserMovesPosts moves a post in every way there is.
func TestBrowserMovesPosts(t *testing.T) {
	p := plan(t)
	tenth, twelfth, fifteenth := p.nextMonth(10, "18:30"), p.nextMonth(12, "18:30"), p.nextMonth(15, "18:30")
	id := p.post("Under-12 trials", tenth, true, p.ids...)
	p.post("Early bird", p.nextMonth(12, "08:00"), true, p.ids[0])
	card := fmt.Sprintf("#card-%d", id)
	cell := func(s club.Slot) string { return "#day-" + s.Date() }
	in := func(s club.Slot) string {
		return `document.querySelector("` + cell(s) + ` .cards ` + card + `:not(.is-moving)")`
	}
	b := p.signIn(desktop)
	b.expected = []string{"409", "422"}
	b.open("/calendar?date=" + tenth.Date())
	b.until(`customElements.get("bs-calendar")`)
	b.until(`document.querySelector(".grab").checkVisibility()`)
	script[bool](b, `window.bsMoves = 0, window.bsFetch = window.fetch, window.fetch = (url, ...more) => { bsMoves += url.endsWith("/move"); return bsFetch(url, ...more); }, true`)

	// By dragging, and back by "Undo".
	b.drag(card, cell(twelfth))
	b.until(in(twelfth))
	b.sees("Moved to")
	b.until(`document.activeElement.closest("` + card + `")`)
	b.until(`document.getElementById("say").textContent.startsWith("Under-12 trials moved from")`)
	if order := script[string](b, `[...document.querySelectorAll("`+cell(twelfth)+` .pc b")].map((e) => e.textContent).join(" ")`); order != "08:00 18:30" {
		t.Errorf("the day's posts stand in the order %s", order)
	}
	b.shot("calendar-moved")
	p.stands(id, twelfth)
	b.click("Undo")
	b.until(in(tenth))
	p.stands(id, tenth)

	// Escape, a day that is over, and the place itself change nothing.
	before := script[int](b, `bsMoves`)
	b.drag(card, cell(fifteenth), func() { b.key(kb.Escape) })
	b.until(in(tenth))
	script[bool](b, `document.querySelector("`+cell(fifteenth)+`").toggleAttribute("data-past")`)
	b.drag(card, cell(fifteenth))
	b.until(in(tenth))
	script[bool](b, `document.querySelector("`+cell(fifteenth)+`").toggleAttribute("data-past")`)
	b.drag(card, cell(tenth)+" .day-link")
	b.until(in(tenth))
	if after := script[int](b, `bsMoves`); before != 1 || after != before {
		t.Errorf("%d requests were sent for moves that are none", after-before)
	}

	// The network is gone: the card is back, and "Try again" sends it again.
	script[bool](b, `window.fetch = () => Promise.reject(new TypeError("gone")); true`)
	b.drag(card, cell(fifteenth))
	b.sees("The post has not been moved")
	b.until(in(tenth))
	script[bool](b, `window.fetch = window.bsFetch; true`)
	b.click("Try again")
	b.until(in(fifteenth))
	p.stands(id, fifteenth)

	// Somebody else was faster: the card is where they put it.
	was, err := p.app.DB().Post(t.Context(), p.s, id)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.app.DB().MovePost(t.Context(), p.s, store.Move{PostID: id, Version: was.Version, To: twelfth, Role: club.Admin}, "test"); err != nil {
		t.Fatal(err)
	}
	b.drag(card, cell(tenth))
	b.sees("changed this post at")
	b.until(in(twelfth))
	b.until(`document.querySelectorAll("` + card + `").length === 1`)
	p.stands(id, twelfth)

	// By the handle and keys.
	script[bool](b, `document.querySelector("`+card+` .grab").focus(); true`)
	b.key(" ")
	b.until(`document.getElementById("say").textContent.startsWith("Under-12 trials, picked up from")`)
	b.key(kb.ArrowRight)
	b.key(kb.ArrowRight)
	b.key(kb.ArrowRight)
	b.until(`document.getElementById("say").textContent.includes(", 0 posts")`)
	b.key(kb.Escape)
	b.until(`document.getElementById("say").textContent.startsWith("Move cancelled")`)
	b.key(kb.Enter)
	for range 3 {
		b.key(kb.ArrowRight)
	}
	b.key(kb.Enter)
	b.until(in(fifteenth))
	b.until(`document.activeElement.closest("` + card + `")`)
	p.stands(id, fifteenth)

	// By the dialog, from the keyboard.
	b.key("r")
	b.sees("Take it off the calendar")
	b.accessible("move dialog")
	b.shot("calendar-move-dialog")
	b.fill("to_date", "2020-01-01")
	b.click("Move")
	b.sees("That time has passed")
	b.fill("to_date", tenth.Date())
	b.click("Move")
	b.until(in(tenth))
	b.until(`!document.querySelector("dialog")`)
	p.stands(id, tenth)

	// Walking the days, and turning the page by keys.
	script[bool](b, `document.querySelector("`+cell(tenth)+` .day-link").focus(); true`)
	b.key(kb.ArrowDown)
	b.until(`document.activeElement.closest("td").id === "day-` + p.nextMonth(17, "18:30").Date() + `"`)
	b.key(kb.PageDown)
	b.until(`document.activeElement.closest("td")?.id === "day-` + p.nextMonth(17, "18:30").At.AddDate(0, 1, 0).Format("2006-01-02") + `"`)
	b.until(`!document.querySelector(".htmx-request, .htmx-swapping, .htmx-settling")`)
	b.key("p")
	b.until(in(tenth))
	b.key("?")
	b.sees("Go from day to day")
}

// touch sends one event of a finger; "touchEnd" has no place.
func (b *tab) touch(kind input.DispatchTouchEventType, x, y float64) {
	b.t.Helper()
	points := []*input.TouchPoint{{X: x, Y: y}}
	if kind == input.DispatchTouchEventTypeTouchEnd {
		points = nil
	}
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, input.DispatchTouchEvent, input.DispatchTouchEventParams{Type: kind, TouchPoints: points})
		return err
	}))
}

// stillClock keeps what the page would do at the end of a long press until the
// test lets the clock go on, and notes the end of a scroll.
const stillClock = `(() => {
  const start = window.setTimeout, stop = window.clearTimeout, waiting = new Map();
  window.setTimeout = (fn, ms, ...with_) => {
    if (!(ms >= 100)) return start(fn, ms, ...with_);
    const id = start(() => {}, 0);
    waiting.set(id, fn);
    return id;
  };
  window.clearTimeout = (id) => { waiting.delete(id); stop(id); };
  window.bsGoOn = () => { window.setTimeout = start; window.clearTimeout = stop; for (const fn of waiting.values()) fn(); return true; };
  document.addEventListener("scrollend", () => { window.bsScrolled = true; });
  return true; })()`

// TestBrowserMovesPostsByTouch drags after a long press; a finger that moves at
// once scrolls.
func TestBrowserMovesPostsByTouch(t *testing.T) {
	p := plan(t)
	tenth, twelfth := p.nextMonth(10, "18:30"), p.nextMonth(12, "18:30")
	id := p.post("Under-12 trials", tenth, true, p.ids...)
	card := fmt.Sprintf("#card-%d", id)
	for day := 1; day <= 28; day += 7 { // the page is longer than the screen
		for _, text := range []string{"Training", "Match day", "Thank you"} {
			p.post(text, p.nextMonth(day, "09:00"), true, p.ids...)
		}
	}
	b := p.signIn(view{"tablet", 820, 1180, false, true})
	b.open("/calendar?date=" + tenth.Date())
	b.until(`customElements.get("bs-calendar")`)
	stroke := func(fromX, fromY, toX, toY float64) {
		const steps = 8
		for i := range steps {
			f := float64(i+1) / steps
			b.touch(input.DispatchTouchEventTypeTouchMove, fromX+(toX-fromX)*f, fromY+(toY-fromY)*f)
			b.rest(10)
		}
		b.touch(input.DispatchTouchEventTypeTouchEnd, 0, 0)
	}

	// Dragging is ready for the first finger, whose press is not long: the page's
	// clock stands still until it moves.
	x, y := b.center(card)
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y))
	b.until(movable(card))
	script[bool](b, stillClock)
	b.touch(input.DispatchTouchEventTypeTouchStart, x, y)
	stroke(x, y, x, y-120)
	b.until(`scrollY > 0 && window.bsScrolled`)
	script[bool](b, `bsGoOn()`)
	if script[bool](b, `!!document.querySelector(".sortable-chosen, .pc-drag, .is-moving") || performance.getEntriesByType("resource").some((r) => r.name.endsWith("/move"))`) {
		t.Error("a finger that scrolls moves a post")
	}
	p.stands(id, tenth)

	script[bool](b, `window.scrollTo(0, 0); true`)
	x, y = b.center(card)
	toX, toY := b.center("#day-" + twelfth.Date())
	b.touch(input.DispatchTouchEventTypeTouchStart, x, y)
	b.until(`document.querySelector("` + card + `.sortable-chosen")`)
	stroke(x, y, toX, toY)
	b.until(`document.querySelector("#day-` + twelfth.Date() + ` ` + card + `:not(.is-moving)")`)
	p.stands(id, twelfth)

	// A page that no finger has touched yet: what dragging needs is there.
	b.open("/calendar?date=" + tenth.Date())
	b.until(`customElements.get("bs-calendar")`)
	b.until(movable(card))
	x, y = b.center(card)
	toX, toY = b.center("#day-" + tenth.Date())
	b.touch(input.DispatchTouchEventTypeTouchStart, x, y)
	b.until(`document.querySelector("` + card + `.sortable-chosen")`)
	stroke(x, y, toX, toY)
	b.until(`document.querySelector("#day-` + tenth.Date() + ` ` + card + `:not(.is-moving)")`)
	p.stands(id, tenth)
}
