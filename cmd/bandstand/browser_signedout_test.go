//go:build browser

package main

import (
	"fmt"
	"testing"
)

// TestBrowserSignedOutWhileWriting loses the sign-in in the middle of a text:
// the page asks for it and keeps every word.
func TestBrowserSignedOutWhileWriting(t *testing.T) {
	app := startDemo(t)
	b := newTab(t, app.means.base.String(), desktop)
	b.expected = []string{"401"}
	b.enterDemo(app)
	b.open("/posts/new")
	b.until(`document.querySelector("bs-composer").matches(":defined")`)
	b.fill("text", "Half a sentence about the")
	b.until(`document.getElementById("save-state").hasAttribute("data-saved")`)
	script[int](b, `fetch("/sign-out", {method: "POST", redirect: "manual"}).then((r) => r.status)`)
	// What is saved next is refused, which the page hears only later.
	script[bool](b, `(() => {
	  window.bsLate = [];
	  const { open, send } = XMLHttpRequest.prototype;
	  XMLHttpRequest.prototype.open = function (method, url, ...more) { this.bsURL = url; open.call(this, method, url, ...more); };
	  XMLHttpRequest.prototype.send = function (body) {
	    const { onload } = this;
	    if (bsLate.length === 0 && this.bsURL.endsWith("/posts/autosave")) this.onload = (e) => bsLate.push(() => onload.call(this, e));
	    send.call(this, body);
	  };
	  return true; })()`)
	const text = "Half a sentence about the raffle"
	b.fill("text", text)
	b.sees("Sign in to go on")
	b.accessible("sign-in dialog")
	b.shot("signed-out")
	b.fill("email", "maeve@riverside.example")
	// What is typed there outlives the next thing that is refused.
	const refused = `performance.getEntriesByType("resource").filter((r) => r.responseStatus === 401).length`
	before := script[int](b, refused)
	script[bool](b, `htmx.trigger(document.getElementById("preview"), "bs:preview"); true`)
	b.until(fmt.Sprintf("%s > %d && !document.querySelector('#preview.htmx-request, .htmx-swapping')", refused, before))
	if got := script[string](b, `document.getElementById("email").value`); got != "maeve@riverside.example" {
		t.Errorf("after another refusal the email reads %q", got)
	}
	b.until(`bsLate.length === 1`)
	b.fill("password", demoPassword)
	b.click("Sign in")
	b.until(`!document.querySelector("dialog[open]") && document.activeElement.id === "text"`)
	if script[bool](b, `bsLate[0](), !!document.querySelector("dialog")`) {
		b.fail("what was sent before signing in again asks for it once more")
	}
	if got := script[string](b, `document.getElementById("text").value`); got != text {
		t.Errorf("after signing in again the text is %q", got)
	}
	b.until(`document.getElementById("save-state").hasAttribute("data-saved")`)
	b.open("/posts")
	b.sees(text)
}
