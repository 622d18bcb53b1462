//go:build browser

package browser

import (
	"testing"

	"github.com/chromedp/chromedp"
)

// holdPreview keeps back the answer to the next question for a preview, until
// bsRelease is called.
const holdPreview = `(() => {
  window.bsHeld = null;
  const { open, send } = XMLHttpRequest.prototype;
  XMLHttpRequest.prototype.open = function (method, url, ...more) { this.bsURL = url; open.call(this, method, url, ...more); };
  XMLHttpRequest.prototype.send = function (body) {
    if (!window.bsHeld && this.bsURL.includes("/posts/preview")) {
      const { onload } = this;
      XMLHttpRequest.prototype.send = send;
      this.onload = (e) => { window.bsHeld = () => onload.call(this, e); };
    }
    send.call(this, body);
  };
  document.getElementById("text").dispatchEvent(new Event("input", { bubbles: true }));
  return true; })()`

// TestBrowserPreviewOlderThanTheForm: the answer to a question for the preview
// comes after what it is about has gone from the form. Before, it was drawn all
// the same: over the newer form, and with parts for which there was no place.
func TestBrowserPreviewOlderThanTheForm(t *testing.T) {
	p := plan(t)
	p.post("Match day", p.at(1, "18:30"), true, p.ids...) // the accounts of next time
	b := p.signIn(desktop)
	b.expected = []string{"422"}
	compose := func() {
		t.Helper()
		b.open("/posts/new")
		b.until(`document.querySelector("bs-composer").matches(":defined")`)
		b.fill("text", "Under-12 trials are open.")
		b.until(`document.getElementById("save-state").hasAttribute("data-saved")`)
	}
	// late holds back an answer, changes the form, and lets the answer come.
	late := func(what, change, until string) {
		t.Helper()
		script[bool](b, holdPreview)
		b.until(`bsHeld`)
		script[bool](b, change)
		b.until(until)
		// In one go: the next answer is welcome, and may come at any time.
		if !script[bool](b, `(() => { const counters = document.getElementById("counters-shared"); bsHeld(); return !!(`+until+`) && counters.isConnected })()`) {
			t.Errorf("%s: the old answer has changed the page", what)
		}
	}

	compose()
	b.do(chromedp.SetUploadFiles("#files", photoFiles(t)))
	b.until(`document.querySelectorAll("#tray .tile-img").length === 2 && document.querySelectorAll("#tray .verdicts li").length > 1`)
	late("a picture is removed", `document.querySelector("#tray [value^=remove-]").click(), true`, `document.querySelectorAll("#tray .tile").length === 1`)

	compose()
	b.click("Change the text for")
	b.until(`document.querySelector(".own-text")`)
	late("a text of its own is given up", `document.querySelector(".own-text [value^=shared-]").click(), true`, `!document.querySelector(".own-text")`)

	compose()
	b.fill("text", "")
	script[bool](b, `window.bsOld = document.querySelector("bs-composer"), document.querySelector("[data-kind=main][value=schedule]").click(), true`)
	b.until(`!bsOld.isConnected && document.querySelector("bs-composer .errors")`)
	late("the composer is drawn anew", `window.bsOld = document.querySelector("bs-composer"), document.querySelector("[data-kind=main][value=schedule]").click(), true`,
		`!bsOld.isConnected && document.querySelector("bs-composer .errors")`)
}
