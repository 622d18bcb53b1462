//go:build browser

package browser

import "testing"

// signInByKeys opens the sign-in page and signs in.
func (p *plannedClub) signInByKeys(k *keyboard) {
	p.t.Helper()
	k.open("/sign-in")
	k.tabTo("Email")
	k.write("maeve@riverside.example")
	k.tabTo("Password")
	k.write(bandPassword)
	k.follow(enter)
}

// toDay goes to a day of the month that is open, as arrows lead there from the
// first.
func (k *keyboard) toDay(p *plannedClub, day int) {
	k.b.t.Helper()
	name := func(n int) string { return p.nextMonth(n, "12:00").At.Format("Monday 2 January") }
	k.tabTo(name(1))
	for n := 1; n < day; {
		if n+7 <= day {
			k.press(down)
			n += 7
		} else {
			k.press(right)
			n++
		}
		k.on(name(n))
	}
}

// TestBrowserKeyboardMoves moves a post by its menu, its key and its handle. The
// focus is on the post afterwards, and on what opened a dialog when that is
// closed again.
func TestBrowserKeyboardMoves(t *testing.T) {
	p := plan(t)
	tenth, eleventh, twelfth := p.nextMonth(10, "18:30"), p.nextMonth(11, "18:30"), p.nextMonth(12, "18:30")
	id := p.post("Under-12 trials", tenth, true, p.ids...)
	k := newKeyboard(t, p.app.Base().String(), desktop)
	p.signInByKeys(k)
	k.open("/calendar?date=" + tenth.Date())
	k.b.until(`customElements.get("bs-calendar")`)
	k.skip()
	k.toDay(p, 10)

	// A day, and the list of keys, are looked at and left.
	day := tenth.At.Format("Monday 2 January")
	k.press(enter)
	k.on(day)
	k.within("dialog")
	k.press(escape)
	k.on(day)
	k.letter("?")
	k.on("Keys")
	k.press(escape)
	k.on(day)

	// The menu.
	k.tabTo("More for Under-12 trials")
	k.press(enter)
	k.on("Open")
	k.press(down)
	k.on("Move to…")
	k.press(enter)
	k.on("Move")
	k.within("dialog")
	k.press(escape)
	k.on("More for Under-12 trials")
	k.press(space)
	k.on("Open")
	k.press(down)
	k.on("Move to…")
	k.press(enter)
	k.on("Move")
	k.tabTo("Another time")
	k.walk(up, "A day later")
	k.tabTo("Move")
	k.press(enter)
	k.on("Under-12 trials")
	p.stands(id, eleventh)

	// The key of the post that has the focus.
	k.letter("r")
	k.on("Move")
	k.press(escape)
	k.on("Under-12 trials")
	k.letter("r")
	k.on("Move")
	k.tabTo("Another time")
	k.walk(up, "A day later")
	k.press(enter)
	k.on("Under-12 trials")
	p.stands(id, twelfth)

	// The handle.
	k.tabTo("Drag Under-12 trials")
	k.press(space)
	k.press(left)
	k.press(left)
	k.press(enter)
	k.on("Under-12 trials")
	p.stands(id, tenth)
}
