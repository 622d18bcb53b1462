//go:build browser

package browser

import (
	"strconv"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/demo"
)

// TestBrowserKeepsWhatIsTooBig: a text that the server refuses is on this device,
// and is there again when the page was left.
func TestBrowserKeepsWhatIsTooBig(t *testing.T) {
	app := startDemo(t)
	b := newTab(t, app.Base().String(), desktop)
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
		if size > 1<<20 {
			b.click("Save as draft")
			b.sees("That was more than this server takes at once. What you wrote is still on this page")
		} else {
			b.click("Save as draft")
			b.until(`document.querySelector(".errors")?.textContent.includes("This is too long to be kept")`)
		}
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

// TestBrowserPostPageFollowsThePost: while a post goes out, its page follows
// without a reload; what a person opened, typed and stands on stays, and the
// news is spoken once.
func TestBrowserPostPageFollowsThePost(t *testing.T) {
	app := startDemo(t)
	change := func(query string, args ...any) {
		t.Helper()
		if _, err := app.DB().Writer().ExecContext(t.Context(), query, args...); err != nil {
			t.Fatal(err)
		}
		if _, err := app.DB().Writer().ExecContext(t.Context(), `UPDATE clubs SET changes = changes + 1`); err != nil {
			t.Fatal(err)
		}
	}
	var post, deliveries int64
	err := app.DB().Reader().QueryRowContext(t.Context(), `
		SELECT post_id, count(*) FROM deliveries WHERE status = 'SCHEDULED' GROUP BY post_id ORDER BY count(*) DESC LIMIT 1`).Scan(&post, &deliveries)
	if err != nil || deliveries < 2 {
		t.Fatalf("no post for two accounts: %d, %v", deliveries, err)
	}
	// Nothing but this test moves it.
	change(`UPDATE deliveries SET status = 'PUBLISHING', phase = 'sending', next_at = NULL WHERE post_id = ?`, post)
	change(`UPDATE deliveries SET status = 'NEEDS_ATTENTION', phase = 'late', code = 'late', args = '{"time":"2026-11-24T18:30:00Z"}'
		WHERE id = (SELECT min(id) FROM deliveries WHERE post_id = ?)`, post)

	// A long history has more than is shown at first.
	for range 2 {
		change(`INSERT INTO post_events (post_id, person_id, at, kind, args) SELECT post_id, person_id, at, kind, args FROM post_events WHERE post_id = ?`, post)
	}

	b := newTab(t, app.Base().String(), desktop)
	b.enterDemo(app)
	b.open(postPath(post))
	b.sees("Publishing")
	b.click("Choose a new time")
	b.until(`(() => { document.querySelector(".technical > summary").click(); return true })()`)
	b.until(`(() => { document.querySelectorAll("#post-previews [role=tab]")[1].click(); return true })()`)
	b.until(`(() => { const f = document.querySelector(".retime input[name=time]"); f.value = "11:22"; return true })()`)
	b.until(`(() => { const e = [...document.querySelectorAll("#post .actions a")].find((a) => a.textContent.includes("Edit")); e.focus(); return document.activeElement === e })()`)
	script[int](b, `(() => { window.said = []; window.bsSamePage = true; const say = document.getElementById("say");
	  new MutationObserver(() => said.push(say.textContent)).observe(say, {childList: true}); return 1 })()`)
	kept := func(when string) {
		t.Helper()
		if !script[bool](b, `document.querySelector(".retime").open && document.querySelector(".technical").open && document.querySelectorAll("#post-previews [role=tab]")[1].ariaSelected === "true" && document.querySelectorAll("#post-previews [role=tabpanel]:not([hidden])").length === 1 && document.querySelector("#post-previews [role=tablist]").checkVisibility() && document.querySelector(".retime input[name=time]").value === "11:22" && window.bsSamePage === true`) {
			b.fail("what was opened or typed is gone " + when)
		}
	}
	change(`UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', remote_id = hex(id), remote_url = 'https://example.org/1', published_at = due_at
		WHERE id = (SELECT max(id) FROM deliveries WHERE post_id = ?)`, post)
	b.until(`document.querySelectorAll("#post .delivery[data-status=PUBLISHED]").length === 1`)
	kept("after the first")
	if !script[bool](b, `document.activeElement.textContent.includes("Edit")`) {
		b.fail("the focus left Edit")
	}
	b.until(`said.filter((s) => s.includes(" published on ")).length === 1`)
	change(`UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', remote_id = hex(id), remote_url = 'https://example.org/1', published_at = due_at
		WHERE post_id = ? AND status = 'PUBLISHING'`, post)
	b.until(`!document.querySelector("#post[data-poll]")`)
	kept("after the last")
	change(`UPDATE deliveries SET status = 'PUBLISHING', phase = 'sending' WHERE id = (SELECT min(id) FROM deliveries WHERE post_id = ?)`, post)
	b.open(postPath(post))
	b.until(`(() => { const e = [...document.querySelectorAll("#post .actions a")].find((a) => a.textContent.includes("Edit")); e.focus(); return document.activeElement === e })()`)
	change(`UPDATE deliveries SET status = 'PUBLISHED', phase = 'linked', code = '', remote_id = hex(id), remote_url = 'https://example.org/1', published_at = due_at
		WHERE id = (SELECT min(id) FROM deliveries WHERE post_id = ?)`, post)
	b.until(`!document.querySelector("#post[data-poll]")`)
	// What had the focus is gone: it is nowhere but on the heading.
	b.until(`document.activeElement.matches("#post h1") && ![...document.querySelectorAll("#post a")].some((a) => a.textContent.includes("Edit"))`)
	b.accessible("post page after publishing")
}

// TestBrowserTextOutlivesTheSignInWithoutScript: a sign-in ends while somebody
// writes; after the next one, two presses later, the text is saved.
func TestBrowserTextOutlivesTheSignInWithoutScript(t *testing.T) {
	app := startDemo(t)
	b := newTab(t, app.Base().String(), phone)
	b.withoutScript()
	b.open("/sign-in")
	b.fill("email", "ines@riverside.example")
	b.fill("password", demo.Password)
	b.load(func() { b.click("Sign in") })
	b.open("/posts/new")
	const text = "Half a sentence about the tombola"
	b.fill("text", text)
	script[int](b, `fetch("/sign-out", {method: "POST", redirect: "manual"}).then((r) => r.status)`)
	b.load(func() { b.click("Save") })
	b.sees("Your text is kept for half an hour")
	b.shot("kept-sign-in")
	b.fill("email", "ines@riverside.example")
	b.fill("password", demo.Password)
	b.load(func() { b.click("Sign in") })
	b.sees("it is not saved yet")
	b.shot("kept-composer")
	if got := script[string](b, `document.getElementById("text").value`); got != text {
		t.Errorf("the text is %q", got)
	}
	b.load(func() { b.click("Save") })
	b.sees(text)
}
