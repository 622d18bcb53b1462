//go:build browser

package browser

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/bandstand-app/bandstand/internal/club"
)

// names are what the browser tells a screen reader of all elements with a role.
func (b *tab) names(role string) []string {
	b.t.Helper()
	var names []string
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		tree, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
		if err != nil {
			return err
		}
		for _, n := range tree.Nodes {
			if n.Ignored || n.Role == nil || n.Name == nil || strings.Trim(string(n.Role.Value), `"`) != role {
				continue
			}
			names = append(names, strings.ReplaceAll(strings.Trim(string(n.Name.Value), `"`), " ,", ","))
		}
		return nil
	}))
	return names
}

// wantName checks that a screen reader hears of exactly one such element.
func (b *tab) wantName(role, name string) {
	b.t.Helper()
	n := 0
	all := b.names(role)
	for _, got := range all {
		if got == name {
			n++
		}
	}
	if n != 1 {
		b.t.Errorf("%d of role %s are called %q, want one of\n%s", n, role, name, strings.Join(all, "\n"))
	}
}

// TestBrowserCardMenu opens the one menu of all cards in every way there is.
func TestBrowserCardMenu(t *testing.T) {
	p := plan(t)
	tenth, twelfth := p.nextMonth(10, "18:30"), p.nextMonth(12, "18:30")
	id := p.post("Under-12 trials", tenth, true, p.ids[0])
	p.post("Match day", tenth, true, p.ids[0])
	out := p.post("Meet the coach", tenth, true, p.ids[0])
	p.became(out, p.nextMonth(11, "18:30"), club.Published, club.Unlinked)
	card, published := fmt.Sprintf("#card-%d", id), fmt.Sprintf("#card-%d", out)
	dots := card + " .dots"
	focused := func(selector string) string { return `document.activeElement.matches(` + quoted(selector) + `)` }
	line := func(text string) string {
		return `document.activeElement.matches("[role=menuitem]") && document.activeElement.textContent === ` + quoted(text)
	}
	closed := `!document.querySelector("main [role=menu], dialog [role=menu], [aria-expanded]")`

	b := p.signIn(desktop)
	b.open("/calendar?date=" + tenth.Date())
	b.until(`customElements.get("bs-card-menu") && customElements.get("bs-calendar")`)
	facts := "Under-12 trials, " + tenth.At.Format("Monday 2 January") + yearIfOther(p, tenth) + ", 18:30, Facebook Page, Scheduled"
	b.wantName("button", "More for "+facts)
	b.wantName("button", "Drag "+facts)
	if script[bool](b, `!!document.querySelector("`+published+` button")`) {
		t.Error("a published post has buttons, with nothing that they could do")
	}

	// Keys: Enter opens, arrows, Home, End and letters go through it, Escape
	// gives the focus back, Tab goes on.
	script[bool](b, `document.querySelector("`+dots+`").focus(); true`)
	b.key(kb.Enter)
	b.until(line("Open") + ` && document.activeElement.matches(":focus-visible")`)
	b.wantName("menu", "More for "+facts)
	b.accessible("card menu")
	b.shot("card-menu")
	b.until(`document.querySelector("` + dots + `").getAttribute("aria-expanded") === "true" && document.querySelector("#cal").hasAttribute("data-busy")`)
	b.key(kb.ArrowDown)
	b.until(line("Move to…"))
	b.key(kb.ArrowUp)
	b.key(kb.ArrowUp)
	b.until(line("Edit"))
	b.key(kb.ArrowDown)
	b.until(line("Open"))
	b.key(kb.End)
	b.until(line("Edit"))
	b.key(kb.Home)
	b.until(line("Open"))
	b.key("m")
	b.until(line("Move to…"))
	b.key(kb.Escape)
	b.until(closed + ` && ` + focused(dots) + ` && !document.querySelector("#cal").hasAttribute("data-busy")`)
	b.key(kb.ArrowUp)
	b.until(line("Edit"))
	b.key(kb.Tab)
	b.until(closed + ` && !` + focused(dots) + ` && !` + focused("body"))

	// The dialog gives the focus back to the card's button.
	script[bool](b, `document.querySelector("`+dots+`").focus(); true`)
	b.key(" ")
	b.until(line("Open"))
	b.key(kb.ArrowDown)
	b.key(kb.Enter)
	b.sees("Take it off the calendar")
	b.key(kb.Escape)
	b.until(`!document.querySelector("dialog") && ` + focused(dots))

	// A pointer: opens, a click elsewhere closes; the last line leads on.
	x, y := b.center(dots)
	b.do(chromedp.MouseClickXY(x, y))
	b.until(line("Open"))
	b.do(chromedp.MouseClickXY(x, y))
	b.until(closed)
	b.do(chromedp.MouseClickXY(x, y))
	b.until(line("Open"))
	hx, hy := b.center("h1")
	b.do(chromedp.MouseClickXY(hx, hy))
	b.until(closed)
	b.do(chromedp.MouseClickXY(x, y))
	b.until(line("Open"))
	b.click("Edit")
	b.until(`location.pathname === "/posts/` + fmt.Sprint(id) + `/edit"`)

	// In a list, and from there by the dialog.
	b.open("/calendar?view=list&date=" + tenth.Date())
	b.until(`customElements.get("bs-card-menu")`)
	script[bool](b, `document.querySelector("`+dots+`").click(); true`)
	b.until(line("Open"))
	b.click("Move to…")
	b.sees("Take it off the calendar")
	b.fill("to_date", twelfth.Date())
	b.click("Move")
	b.until(`document.querySelector("#day-` + twelfth.Date() + ` ` + card + `")`)
	p.stands(id, twelfth)

	// In the dialog of a day, Escape closes the menu and nothing else.
	b.open("/calendar?date=" + tenth.Date())
	b.until(`customElements.get("bs-card-menu")`)
	script[bool](b, `document.querySelector("#day-`+twelfth.Date()+` .day-link").click(); true`)
	b.until(`document.querySelector("dialog[open] .dots")`)
	script[bool](b, `document.querySelector("dialog .dots").focus(); true`)
	b.key(kb.Enter)
	b.until(line("Open"))
	b.accessible("card menu in a dialog")
	b.shot("card-menu-dialog")
	b.key(kb.Escape)
	b.until(closed + ` && ` + focused("dialog .dots"))
	b.key(kb.Escape)
	b.until(`!document.querySelector("dialog")`)
}

// TestBrowserCardMenuByTouch opens it with a finger, on a phone.
func TestBrowserCardMenuByTouch(t *testing.T) {
	p := plan(t)
	tenth := p.nextMonth(10, "18:30")
	id := p.post("Under-12 trials", tenth, true, p.ids[0])
	b := p.signIn(phone)
	b.open("/calendar?date=" + tenth.Date())
	b.until(`customElements.get("bs-card-menu")`)
	dots := fmt.Sprintf("#card-%d .dots", id)
	script[bool](b, `document.querySelector("`+dots+`").scrollIntoView({block: "center"}); true`)
	if size := script[float64](b, `(() => { const r = document.querySelector("`+dots+`").getBoundingClientRect(); return Math.min(r.width, r.height); })()`); size < 44 {
		t.Errorf("the button is %v px, want 44", size)
	}
	x, y := b.center(dots)
	b.touch(input.DispatchTouchEventTypeTouchStart, x, y)
	b.touch(input.DispatchTouchEventTypeTouchEnd, x, y)
	b.until(`document.querySelector("main [role=menu]")`)
	b.shot("card-menu")
	b.accessible("card menu")
	b.click("Move to…")
	b.sees("Take it off the calendar")
}

func yearIfOther(p *plannedClub, s club.Slot) string {
	if s.At.Year() == p.now.Year() {
		return ""
	}
	return s.At.Format(" 2006")
}
