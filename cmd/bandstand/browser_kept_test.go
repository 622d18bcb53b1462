//go:build browser

package main

import (
	"strconv"
	"strings"
	"testing"
)

// TestBrowserKeepsWhatIsTooBig: a text that the server refuses is on this device,
// and is there again when the page was left.
func TestBrowserKeepsWhatIsTooBig(t *testing.T) {
	app := startDemo(t)
	b := newTab(t, app.means.base.String(), desktop)
	b.expected = []string{"413", "422"}
	b.enterDemo(app)
	const tooBig = "The last change was too big to save. It is kept on this device."
	for _, size := range []int{150_000, 1_200_000} { // more than a post holds, and more than the server reads of a form without pictures
		b.open("/posts/new")
		b.until(`document.querySelector("bs-composer").matches(":defined")`)
		if script[bool](b, `!document.getElementById("copy-slot").hidden`) {
			b.click("Discard it")
		}
		fill := func(n int) {
			script[int](b, `(() => { const f = document.getElementById("text"); f.value = "The raffle. ".repeat(`+strconv.Itoa(n/12)+`); f.dispatchEvent(new Event("input", {bubbles: true})); return 1 })()`)
		}
		script[int](b, `(() => { window.said = []; const say = document.getElementById("say");
		  new MutationObserver(() => said.push(say.textContent)).observe(say, {childList: true}); return 1 })()`)
		fill(size)
		b.until(`document.getElementById("save-state").textContent === "` + tooBig + `"`)
		b.until(`said.includes("` + tooBig + `")`)
		b.shot("too-big")

		b.open("/calendar")
		b.open("/posts/new")
		b.sees("You have unsaved text from")
		b.click("Use it")
		if got := script[int](b, `document.getElementById("text").value.length`); got != size/12*12 {
			t.Errorf("the copy holds %d letters, want %d", got, size/12*12)
		}
		b.until(`document.getElementById("save-state").textContent === "` + tooBig + `"`)
		// Pressing a button says it as well, and loses nothing.
		b.click("Save as draft")
		b.until(`document.querySelector(".errors")?.textContent.includes("This is too long to be kept")`)
		if got := script[int](b, `document.getElementById("text").value.length`); got != size/12*12 {
			t.Errorf("after the button the form holds %d letters, want %d", got, size/12*12)
		}
		// Shortened, it is saved, and the copy goes.
		fill(1200)
		b.until(`document.getElementById("save-state").hasAttribute("data-saved")`)
		b.until(`!Object.keys(localStorage).some((k) => k.startsWith("bs:draft:"))`)
	}
	// More than this device keeps, either.
	b.open("/posts/new")
	b.until(`document.querySelector("bs-composer").matches(":defined")`)
	script[int](b, `(() => { const f = document.getElementById("text"); f.value = "`+strings.Repeat("x", 1000)+`".repeat(6000); f.dispatchEvent(new Event("input", {bubbles: true})); return 1 })()`)
	b.until(`document.getElementById("save-state").textContent.startsWith("The last change was too big to save, here and on this device.")`)
}
