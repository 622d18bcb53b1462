//go:build browser

package browser

import (
	"strings"
	"testing"
)

// TestBrowserPreviewStyles draws the cards in other colours than the page has,
// and as they are after pressing "more". Nothing of that touches the post.
func TestBrowserPreviewStyles(t *testing.T) {
	app := startDemo(t)
	for _, v := range []view{desktop, {"desktop-dark", 1280, 800, true, false}} {
		t.Run(v.name, func(t *testing.T) {
			b := newTab(t, app.Base().String(), v)
			b.enterDemo(app)
			b.open("/posts/new")
			b.until(`document.querySelector("bs-composer").matches(":defined")`)
			b.fill("text", strings.TrimSpace(strings.Repeat("The raffle is back. ", 40)))
			b.until(`document.querySelectorAll("#preview [data-folded]").length > 0`)
			b.until(`document.getElementById("save-state").hasAttribute("data-saved")`)

			card := func() string {
				return script[string](b, `getComputedStyle(document.querySelector("#preview article")).backgroundColor`)
			}
			here := card()
			b.click("Light")
			light := card()
			b.click("Dark")
			dark := card()
			b.accessible("preview in dark colours")
			b.shot("preview-dark")
			if light == dark || here != light && here != dark {
				t.Errorf("cards are %s here, %s in light and %s in dark", here, light, dark)
			}
			b.click("As here")
			if again := card(); again != here {
				t.Errorf("back in the colours of here the card is %s, want %s", again, here)
			}

			b.click("After “more”")
			if script[bool](b, `[...document.querySelectorAll("#preview [data-fold]")].some((e) => e.checkVisibility())`) {
				t.Error("the fold is still drawn")
			}
			b.shot("preview-unfolded")
			if !script[bool](b, `document.getElementById("save-state").hasAttribute("data-saved")`) {
				t.Error("looking at the preview made the post unsaved")
			}
		})
	}
}
