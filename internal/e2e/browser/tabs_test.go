//go:build browser

package browser

import (
	"testing"

	"github.com/chromedp/chromedp/kb"

	"github.com/bandstand-app/bandstand/internal/club"
)

// TestBrowserTabsOfAPostGoByKeysAndShowAllWithoutScript: the previews of a post are
// one stop of the keyboard, the arrow keys turn them in the direction of the text,
// and without script all are there below each other.
func TestBrowserTabsOfAPostGoByKeysAndShowAllWithoutScript(t *testing.T) {
	app := startDemo(t)
	post := newGallery(app).post(t, club.Published)
	b := newTab(t, app.Base().String(), desktop)
	b.enterDemo(app)
	b.open(post)
	const chosen = `document.querySelector("#post-previews [role=tab][aria-selected=true]")`
	shown := func(name string) {
		t.Helper()
		b.until(chosen + `.textContent.includes("` + name + `") && document.activeElement === ` + chosen +
			` && [...document.querySelectorAll("#post-previews .preview-card")].filter((e) => e.checkVisibility()).map((e) => e.id).join() === ` + chosen + `.getAttribute("aria-controls")`)
	}
	script[bool](b, chosen+`.focus() ?? true`)
	shown("Facebook")
	b.key(kb.ArrowRight)
	shown("Instagram")
	b.key(kb.End)
	shown("Bluesky")
	b.key(kb.ArrowRight)
	shown("Facebook")
	script[bool](b, `(document.documentElement.dir = "rtl") === "rtl"`)
	b.key(kb.ArrowLeft)
	shown("Instagram")
	if n := script[int](b, `[...document.querySelectorAll("#post-previews [role=tab]")].filter((e) => e.tabIndex === 0).length`); n != 1 {
		b.fail("the tabs are more than one stop")
	}

	plain := newTab(t, app.Base().String(), phone)
	plain.enterDemo(app)
	plain.withoutScript()
	plain.open(post)
	if !script[bool](plain, `!document.querySelector("#post-previews [role=tablist]").checkVisibility() && [...document.querySelectorAll("#post-previews .preview-card, #post-previews .tab-head")].length === 10 &&
	  [...document.querySelectorAll("#post-previews .preview-card, #post-previews .tab-head")].every((e) => e.checkVisibility() && e.offsetHeight > 10)`) {
		plain.fail("without script not all previews can be seen")
	}
}
