//go:build browser

package browser

import (
	"fmt"
	"testing"
)

// TestBrowserMoveMeetsFault drags a card while the server has a fault of its
// own: the card is back exactly where it was.
func TestBrowserMoveMeetsFault(t *testing.T) {
	p := plan(t)
	tenth, fifteenth := p.nextMonth(10, "18:30"), p.nextMonth(15, "18:30")
	p.post("Early bird", p.nextMonth(10, "08:00"), true, p.ids[0])
	id := p.post("Under-12 trials", tenth, true, p.ids...)
	p.post("Late song", p.nextMonth(10, "21:00"), true, p.ids[0])
	card := fmt.Sprintf("#card-%d", id)
	b := p.signIn(desktop)
	b.open("/calendar?date=" + tenth.Date())
	b.until(`customElements.get("bs-calendar") && document.querySelector(".grab").checkVisibility()`)
	place := `(() => { const c = document.querySelector("` + card + `"); const r = c.getBoundingClientRect();
	  return [c.closest("td").id, [...c.parentNode.children].indexOf(c), Math.round(r.x + scrollX), Math.round(r.y + scrollY)].join(" "); })()`
	before := script[string](b, place)
	script[bool](b, `window.fetch = () => Promise.resolve(new Response("", {status: 500})); true`)
	b.drag(card, "#day-"+fifteenth.Date())
	b.sees("The post has not been moved")
	b.until(`!document.querySelector(".is-moving, .pc-gap, .pc-drag")`)
	b.until(place + ` === ` + quoted(before))
	p.stands(id, tenth)
}

// TestBrowserTryingAgainTriesOnce: the button of the message sends the same move once
// more, even where another month is shown meanwhile.
func TestBrowserTryingAgainTriesOnce(t *testing.T) {
	p := plan(t)
	tenth, fifteenth, sixteenth := p.nextMonth(10, "18:30"), p.nextMonth(15, "18:30"), p.nextMonth(16, "18:30")
	id := p.post("Under-12 trials", tenth, true, p.ids...)
	card := fmt.Sprintf("#card-%d", id)
	b := p.signIn(desktop)
	fails := func(to string) {
		t.Helper()
		b.until(`customElements.get("bs-calendar") && document.querySelector(".grab").checkVisibility()`)
		script[bool](b, `(() => { const real = window.fetch; window.sent = 0;
		  window.fetch = (url, how) => { if (how?.method !== "POST") return real(url, how); return ++sent > 1 ? real(url, how) : Promise.resolve(new Response("", {status: 500})); };
		  return true })()`)
		b.drag(card, "#day-"+to)
		b.sees("The post has not been moved")
	}
	again := func() {
		t.Helper()
		b.until(`(() => { const all = [...document.querySelectorAll("#toasts .btn")].filter((e) => e.textContent === "Try again"); all[0].click(); all[0].click(); return true })()`)
	}
	b.open("/calendar?view=month&date=" + tenth.Date())
	fails(fifteenth.Date())
	again()
	b.until(`document.querySelector("` + card + `")?.closest("td").id === "day-` + fifteenth.Date() + `" && !document.querySelector(".is-moving")`)
	p.stands(id, fifteenth)

	b.open("/calendar?view=month&date=" + fifteenth.Date())
	fails(sixteenth.Date())
	script[bool](b, `document.getElementById("turn-n").click() ?? true`)
	b.until(`!document.getElementById("day-` + sixteenth.Date() + `")`)
	again()
	b.until(`sent === 2 && !document.querySelector("[data-busy]")`)
	p.stands(id, sixteenth)
}

// TestBrowserNewsOlderThanTheCalendar: the answer to a question for news comes
// after a post was moved and shows it where it was. It is asked once more.
func TestBrowserNewsOlderThanTheCalendar(t *testing.T) {
	p := plan(t)
	tenth, twelfth := p.nextMonth(10, "18:30"), p.nextMonth(12, "18:30")
	id := p.post("Under-12 trials", tenth, true, p.ids...)
	card := fmt.Sprintf("#card-%d", id)
	moved := `document.querySelector("#day-` + twelfth.Date() + ` ` + card + `:not(.is-moving)")`
	b := p.signIn(desktop)
	b.open("/calendar?date=" + tenth.Date())
	b.until(`customElements.get("bs-calendar") && document.querySelector(".grab").checkVisibility()`)
	script[bool](b, `(() => {
	  window.bsNews = [];
	  const { open, send } = XMLHttpRequest.prototype;
	  XMLHttpRequest.prototype.open = function (method, url, ...more) { this.bsURL = url; open.call(this, method, url, ...more); };
	  XMLHttpRequest.prototype.send = function (body) {
	    const { onload } = this;
	    if (bsNews.length === 0 && this.bsURL.includes("/calendar/changes")) this.onload = (e) => bsNews.push(() => onload.call(this, e));
	    send.call(this, body);
	  };
	  return true; })()`)
	p.post("Early bird", p.nextMonth(12, "08:00"), true, p.ids[0])
	script[bool](b, `document.querySelector("#cal-body").dispatchEvent(new Event("bs:refresh"))`)
	b.until(`bsNews.length === 1`)
	b.drag(card, "#day-"+twelfth.Date())
	b.until(moved + ` && !document.querySelector("#cal[data-busy]")`)
	if !script[bool](b, `bsNews[0](), !!`+moved) {
		t.Error("the post is back where it was")
	}
	b.until(moved + ` && document.querySelector("#cal-body").innerText.includes("Early bird")`)
	p.stands(id, twelfth)
}
