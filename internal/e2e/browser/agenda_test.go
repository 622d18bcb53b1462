//go:build browser

package browser

import (
	"fmt"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"

	"github.com/bandstand-app/bandstand/internal/club"
)

// inView: all of an element is inside of the window.
func inView(selector string) string {
	return `(() => { const r = document.querySelector(` + quoted(selector) + `)?.getBoundingClientRect(); return r && r.top >= 0 && r.bottom <= innerHeight; })()`
}

// TestBrowserCalendarOpensOnThePresentWeek: in the last week of a month it showed
// the first. What was just scheduled is looked for by nobody: it is outlined.
func TestBrowserCalendarOpensOnThePresentWeek(t *testing.T) {
	p := plan(t)
	p.month()
	for days := 1; days <= 20; days++ { // the weeks that are over are high
		soon := p.at(20, "12:00")
		for _, clock := range []string{"09:00", "12:00", "18:30"} {
			id := p.post("What we did "+clock, soon, true, p.ids[0])
			p.became(id, p.at(-days, clock), club.Published, club.Unlinked)
		}
	}
	b := p.signIn(desktop)
	b.open("/calendar")
	b.until(inView("td[aria-current] .day-head"))
	if high := script[[]string](b, `[...document.querySelectorAll("td .pc")].filter((c) => c.offsetHeight > 72).map((c) => c.offsetHeight + " px: " + c.innerText)`); len(high) > 0 {
		t.Errorf("cards are higher than 72 px: %q", high)
	}
	if torn := script[int](b, `[...document.querySelectorAll("td .pc-top")].filter((c) => c.scrollWidth > c.clientWidth).length`); torn > 0 {
		t.Errorf("%d cards do not hold their first line", torn)
	}

	b.open("/posts/new?date=" + p.at(18, "18:30").Date())
	b.until(`document.querySelector("bs-composer").matches(":defined")`)
	b.until(`document.querySelector("#accounts input")`)
	script[bool](b, `document.querySelectorAll("#accounts input:checked").forEach((e, i) => { if (i > 0) e.click(); }), true`)
	b.fill("text", "A card that is new")
	b.until(`document.querySelector("#save-state[data-saved]")`)
	b.load(func() { b.click("Schedule") })
	b.until(`document.activeElement.closest(".pc")?.textContent.includes("A card that is new")`)
	card := "#" + script[string](b, `document.activeElement.closest(".pc").id`)
	b.until(inView(card))
	// Its outline goes again; it may have gone already.
	b.until(`!document.querySelector(".is-moved") && getComputedStyle(document.querySelector(` + quoted(card) + `)).outlineStyle === "none"`)
}

// TestBrowserAgendaUnrolls: a phone's calendar ended with the month. It goes on
// while one scrolls, and news leave what was unrolled.
func TestBrowserAgendaUnrolls(t *testing.T) {
	p := plan(t)
	p.post("This week", p.at(1, "18:30"), true, p.ids[0])
	p.post("In two months", p.at(60, "18:30"), true, p.ids[0])
	p.post("In half a year", p.at(180, "18:30"), true, p.ids[0])
	for _, path := range []string{"/calendar", "/calendar?view=list"} {
		b := p.signIn(phone)
		b.open(path)
		b.sees("This week")
		for _, text := range []string{"In two months", "In half a year", "Nothing more is planned."} {
			b.until(`(scrollTo(0, document.body.scrollHeight), document.body.innerText.includes(` + quoted(text) + `))`)
		}
		p.post("News", p.at(2, "09:00"), true, p.ids[0])
		script[bool](b, `document.querySelector("#cal-body").dispatchEvent(new Event("bs:refresh"))`)
		b.until(`document.querySelector("#cal-body").textContent.includes("News")`)
		b.sees("In half a year")
		b.accessible("agenda")
		b.load(func() { b.do(chromedp.Reload()) })
		b.sees("In half a year")
	}
}

// TestBrowserKeysKeepTheFocus: after a key that turned the page the focus was
// nowhere.
func TestBrowserKeysKeepTheFocus(t *testing.T) {
	p := plan(t)
	p.month()
	b := p.signIn(desktop)
	b.open("/calendar")
	b.until(`customElements.get("bs-calendar")`)
	for _, key := range []string{"n", "p", "l", "t", "m", "t"} {
		before := script[string](b, `location.href`)
		script[bool](b, `document.activeElement.blur(), true`)
		b.key(key)
		b.until(`document.activeElement.matches("#cal h1") && (location.href !== ` + quoted(before) + ` || ` + quoted(key) + ` === "t")`)
	}
}

// TestBrowserDropsThatCannotBe: a drop on a day that is over was ignored without
// a word. Over the arrows the page turns, and the post goes along.
func TestBrowserDropsThatCannotBe(t *testing.T) {
	p := plan(t)
	tenth, next := p.nextMonth(10, "18:30"), p.nextMonth(20, "18:30")
	id := p.post("Under-12 trials", tenth, true, p.ids...)
	card := fmt.Sprintf("#card-%d", id)
	b := p.signIn(desktop)
	b.open("/calendar?date=" + tenth.Date())
	b.until(`customElements.get("bs-calendar")`)
	b.until(movable(card)) // before any pointer came
	script[bool](b, `document.querySelector("#day-`+next.Date()+`").toggleAttribute("data-past")`)
	b.drag(card, "#day-"+next.Date())
	b.sees("is over. The post stays where it is.")
	p.stands(id, tenth)
	script[bool](b, `document.querySelector("#day-`+next.Date()+`").toggleAttribute("data-past")`)

	// Through the arrow into the month after it.
	left := func(e *input.DispatchMouseEventParams) { e.Button, e.Buttons = input.MouseButtonLeft, 1 }
	script[bool](b, `scrollTo(0, 0), true`)
	x, y := b.center(card)
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, x, y, left))
	ax, ay := b.center("#turn-n")
	for i := range 10 {
		f := float64(i+1) / 10
		b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x+(ax-x)*f, y+(ay-y)*f, left))
	}
	after := next.At.AddDate(0, 1, 0).Format("2006-01-02")
	b.until(`document.querySelector("#day-` + after + `")`)
	tx, ty := b.center("#day-" + after)
	for i := range 10 {
		f := float64(i+1) / 10
		b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, ax+(tx-ax)*f, ay+(ty-ay)*f, left))
	}
	b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, tx, ty, left))
	b.until(`document.querySelector("#day-` + after + ` ` + card + `:not(.is-moving)")`)
	b.until(`document.querySelectorAll("` + card + `").length === 1 && !document.querySelector(".pc-drag, .pc-gap, #drag-aside")`)
	slot, err := club.NewSlot(after, "18:30", "UTC")
	if err != nil {
		t.Fatal(err)
	}
	p.stands(id, slot)
}
