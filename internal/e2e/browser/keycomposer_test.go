//go:build browser

package browser

import (
	"testing"

	"github.com/bandstand-app/bandstand/internal/demo"
)

// TestBrowserKeyboardComposer changes the parts of a post that are drawn anew by
// the server: the focus stays at them, and never falls back to the page.
func TestBrowserKeyboardComposer(t *testing.T) {
	app := startDemo(t)
	k := newKeyboard(t, app.Base().String(), desktop)
	k.b.expected = []string{"401"}
	k.b.enterDemo(app)
	k.open("/posts/new")
	k.b.until(`document.querySelector("bs-composer").matches(":defined")`)
	k.on("Text for all accounts")
	k.write("Under-12 trials are open.")

	// A text of its own, and back.
	k.tabTo("Change the text for Facebook Page")
	k.press(enter)
	k.on("Text for Facebook Page")
	k.tabTo("Use the text for all again")
	k.press(enter)
	k.b.until(`!document.querySelector(".own-text") && document.activeElement.closest(".own-tools")`)

	// Pictures: their order, and one less.
	first, second := demo.Pictures()[0].Name, demo.Pictures()[1].Name
	k.tabTo("Add pictures")
	k.slowFirstUpload()
	k.choose(photoFiles(t))
	k.b.until(`document.querySelectorAll("#tray .tile-img").length === 2`)
	k.on("Description (alt text)")
	k.b.until(`document.querySelectorAll("#tray .tile")[0].contains(document.activeElement)`)
	k.tabTo("Move " + first + " one place later")
	k.press(enter)
	k.b.until(`document.querySelectorAll("#tray .tile")[1].textContent.includes(` + quoted(first) + `)`)
	k.on("Move " + first + " one place earlier")
	k.backTo(first) // the picture itself, which is picked up
	k.press(space)
	k.spoken(first + " picked up, place 2 of 2. Arrow keys move it, Enter drops it, Escape cancels.")
	k.press(left)
	k.spoken(first + ", place 1 of 2.")
	k.press(escape)
	k.spoken(first + " stays in place 2 of 2.")
	k.on(first)
	k.press(space)
	k.press(left)
	k.press(enter)
	k.spoken(first + " is now in place 1 of 2.")
	k.on(first)
	k.b.until(`document.querySelectorAll("#tray .tile")[0].textContent.includes(` + quoted(first) + `)`)
	k.tabTo(second) // another is chosen, and its words stand there
	k.press(enter)
	k.tabTo("Remove " + second)
	k.press(enter)
	k.b.until(`document.querySelectorAll("#tray .tile").length === 1`)
	k.on(first)
	k.tabTo("Remove " + first)
	k.press(enter)
	k.b.until(`document.querySelectorAll("#tray .tile").length === 0`)
	k.on("Add pictures")

	// A message is closed: back to where one was.
	k.b.until(`document.getElementById("save-state").hasAttribute("data-saved")`)
	script[bool](k.b, `document.dispatchEvent(new CustomEvent("bs:toast", {detail: {kind: "problem", text: "No connection."}})), true`)
	for range 3 * farthest {
		k.press(forward)
		if k.here() == "Close" {
			break
		}
	}
	k.press(enter)
	k.b.until(`!document.querySelector(".toast") && document.activeElement !== document.body`)
}

// spoken waits until screen readers are told something.
func (k *keyboard) spoken(text string) {
	k.b.t.Helper()
	k.b.until(`document.getElementById("say").textContent === ` + quoted(text))
}

// slowFirstUpload lets the first of two files wait until the second has arrived,
// as happens with a large one: the focus must not go to the second.
func (k *keyboard) slowFirstUpload() {
	k.b.t.Helper()
	script[bool](k.b, `(() => {
		const send = XMLHttpRequest.prototype.send;
		const held = [];
		XMLHttpRequest.prototype.send = function (...data) {
			if (!held.length) { held.push(() => send.apply(this, data)); return; }
			XMLHttpRequest.prototype.send = send;
			this.addEventListener("loadend", () => setTimeout(held[0]));
			send.apply(this, data);
		};
		return true;
	})()`)
}
