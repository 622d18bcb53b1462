//go:build browser

package browser

import (
	"strconv"
	"testing"
)

// TestBrowserWritesOneAfterTheOther: on a phone there was no way to go on to the
// next post, and the next one began at a time that was taken.
func TestBrowserWritesOneAfterTheOther(t *testing.T) {
	p := plan(t)
	p.post("Match day", p.at(1, "18:30"), true, p.ids[0]) // the accounts of next time
	b := p.signIn(phone)
	b.open("/posts/new")
	b.until(`document.querySelector("bs-composer").matches(":defined")`)
	var times []string
	for _, text := range []string{"Training moves indoors", "Line-up for Saturday"} {
		times = append(times, script[string](b, `document.getElementById("date").value + " " + document.getElementById("time").value`))
		b.fill("text", text)
		// The bar is one line, and always at hand.
		bar := script[[]int](b, `(() => { const r = document.querySelector(".composer-bar").getBoundingClientRect(); return [Math.round(r.height), Math.round(innerHeight - r.bottom)]; })()`)
		if bar[0] > 80 || bar[1] != 0 {
			t.Errorf("the bar is %d px high and %d px above the foot of the window", bar[0], bar[1])
		}
		b.until(`document.querySelector("#save-state[data-saved]")`)
		b.click("More")
		b.load(func() { b.click("Schedule and write another") })
		b.sees("Scheduled for")
		if script[string](b, `document.getElementById("text").value`) != "" {
			t.Error("the next composer is not empty")
		}
	}
	times = append(times, script[string](b, `document.getElementById("date").value + " " + document.getElementById("time").value`))
	if times[0] == times[1] || times[1] == times[2] {
		t.Errorf("the times proposed are %q", times)
	}
}

// TestBrowserAccountsInOneLine: the line follows what is ticked, and a problem
// opens the line that it is in.
func TestBrowserAccountsInOneLine(t *testing.T) {
	p := plan(t)
	b := p.signIn(desktop)
	b.expected = []string{"422"}
	b.open("/posts/new")
	b.until(`document.querySelector("bs-composer").matches(":defined")`)
	b.until(`document.querySelectorAll(".marks-line [data-on]").length === ` + strconv.Itoa(len(p.ids)))
	b.click("Accounts FB")
	script[bool](b, `document.querySelectorAll("#accounts input:checked").forEach((e) => e.click()), true`)
	b.until(`document.querySelectorAll(".marks-line [data-on]").length === 0`)
	b.click("Accounts FB")
	b.fill("date", "2020-01-01")
	b.fill("text", "Match day")
	b.click("Schedule")
	b.until(`document.querySelector(".errors a[href='#accounts']")`)
	b.until(`document.querySelector("#accounts").checkVisibility() && document.querySelector("#date").checkVisibility()`)
}
