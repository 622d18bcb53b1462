//go:build browser

package browser

import (
	"fmt"
	"slices"
	"strconv"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/demo"
	"github.com/bandstand-app/bandstand/store"
)

// TestBrowserSignedOutWhileWriting loses the sign-in in the middle of a text:
// the page asks for it and keeps every word.
func TestBrowserSignedOutWhileWriting(t *testing.T) {
	app := startDemo(t)
	b := newTab(t, app.Base().String(), desktop)
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
	const whose = `document.getElementById("email").value + document.getElementById("email").readOnly + document.activeElement.id`
	if got := script[string](b, whose); got != "maeve@riverside.exampletruepassword" {
		t.Errorf("the dialog does not know who signs in again, or the focus is elsewhere: %s", got)
	}
	b.fill("password", "half of it")
	// What is typed there outlives the next thing that is refused.
	const refused = `performance.getEntriesByType("resource").filter((r) => r.responseStatus === 401).length`
	before := script[int](b, refused)
	script[bool](b, `htmx.trigger(document.getElementById("preview"), "bs:preview"); true`)
	b.until(fmt.Sprintf("%s > %d && !document.querySelector('#preview.htmx-request, .htmx-swapping')", refused, before))
	if got := script[string](b, `document.getElementById("password").value`); got != "half of it" {
		t.Errorf("after another refusal the password reads %q", got)
	}
	b.until(`bsLate.length === 1`)
	b.fill("password", demo.Password)
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

// TestBrowserSignInDialogSendsOnce: what was asked for when the sign-in had ended
// is done after it, once, and said to be.
func TestBrowserSignInDialogSendsOnce(t *testing.T) {
	app := startDemo(t)
	b := newTab(t, app.Base().String(), desktop)
	b.expected = []string{"401"}
	b.enterDemo(app)
	posts, err := app.DB().Posts(t.Context(), store.Scope{ClubID: app.Demo.ClubID, PersonID: app.Demo.PersonID}, store.PostFilter{Limit: 100})
	i := slices.IndexFunc(posts, func(p store.Post) bool { return p.Status() == club.Scheduled })
	if err != nil || i < 0 {
		t.Fatalf("no scheduled post among %d, %v", len(posts), err)
	}
	path := "/posts/" + strconv.FormatInt(posts[i].ID, 10)
	signOut := func() {
		script[int](b, `fetch("/sign-out", {method: "POST", redirect: "manual"}).then((r) => r.status)`)
	}
	signIn := func() {
		b.t.Helper()
		b.sees("Sign in to go on")
		b.fill("password", demo.Password)
		b.click("Sign in")
		b.sees("You are signed in again, and what you asked for was sent once more.")
	}
	sent := func() string {
		return script[string](b, `performance.getEntriesByType("resource").filter((r) => r.name.endsWith("/move")).map((r) => r.responseStatus).join(" ")`)
	}
	b.open(path)
	signOut()
	b.click("Move")
	signIn()
	b.until(`document.querySelector("dialog[open] form[action$='/move']")`)
	if got := sent(); got != "401 200" {
		t.Errorf("the question was sent with the answers %s, want 401 200", got)
	}

	// The form of a dialog gives way to that for signing in, and is sent all the same.
	signOut()
	script[bool](b, `[...document.querySelectorAll("dialog [name=to]")].find((r) => !r.checked && r.value !== "other").click(), true`)
	b.click("Move")
	signIn()
	moves := func() (n int) {
		if err := app.DB().Reader().QueryRowContext(t.Context(), `SELECT count(*) FROM audit WHERE action = 'post_moved' AND origin <> 'demo' AND object LIKE ? || ':%'`, posts[i].ID).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	b.until(`!document.querySelector("dialog[open]")`)
	eventually(t, "the move", func() bool { return moves() > 0 })
	b.until(`!document.querySelector("dialog[open]")`)
	if n := moves(); n != 1 {
		t.Errorf("it was moved %d times, want once", n)
	}
}
