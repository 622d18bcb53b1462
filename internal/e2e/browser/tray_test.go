//go:build browser

package browser

import (
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/chromedp"
)

// trayOrder is the places of the first two pictures, by their names.
const trayOrder = `[...document.querySelectorAll("#tray .tile")].map((t) => t.dataset.name).join()`

// TestBrowserPicturesInTheOrderSeen: pictures are dragged into order, with the
// mouse and with a finger, and each comes back in the place where it was seen.
func TestBrowserPicturesInTheOrderSeen(t *testing.T) {
	for _, v := range []view{phone, desktop} {
		t.Run(v.name, func(t *testing.T) {
			p := plan(t)
			p.post("Match day", p.at(1, "18:30"), true, p.ids...) // the accounts of next time
			b := p.signIn(v)
			b.open("/posts/new")
			b.until(`document.querySelector("bs-composer").matches(":defined")`)
			b.fill("text", "Under-12 trials are open.")
			files := photoFiles(t)
			b.do(chromedp.SetUploadFiles("#files", files))
			b.until(`document.querySelectorAll("#tray .tile-img").length === 2`)
			first := strings.Split(script[string](b, trayOrder), ",")
			if len(first) != 2 || !strings.HasSuffix(files[0], first[0]) {
				t.Fatalf("the pictures stand as %q, chosen were %q", first, files)
			}
			// One line of words: those of the chosen picture.
			words := `[...document.querySelectorAll(".tile-words")].filter((w) => w.checkVisibility()).map((w) => w.closest(".tile").dataset.name).join()`
			b.until(words + ` === ` + quoted(first[0]))
			// A description is missed as long as there is none.
			flags := `[...document.querySelectorAll(".tile-flag[data-flag=alt]")].filter((w) => w.checkVisibility()).length`
			b.until(flags + ` === 2`)
			b.fill(script[string](b, `document.querySelector("#tray [data-chosen] textarea").id`), "Two children with a ball")
			b.until(flags + ` === 1`)
			b.accessible("tray")
			b.shot("composer-tray")

			b.dragPicture(".tile:nth-child(2) .tile-face", ".tile:nth-child(1) .tile-face")
			slices.Reverse(first)
			want := strings.Join(first, ",")
			b.until(trayOrder + ` === ` + quoted(want))
			if script[bool](b, `!!document.querySelector(".tile-ghost, .is-moving, [data-drop]")`) {
				t.Error("the drag has not ended")
			}
			b.until(`document.getElementById("say").textContent.endsWith("is now in place 1 of 2.")`)
			b.until(`document.getElementById("save-state").hasAttribute("data-saved")`)
			b.load(func() { b.do(chromedp.Reload()) })
			if got := script[string](b, trayOrder); got != want {
				t.Errorf("after a reload the pictures stand as %q, want %q", got, want)
			}

			// A click chooses; Escape lets go where it was.
			b.until(`document.querySelector("bs-uploader").matches(":defined")`)
			script[bool](b, `document.querySelectorAll(".tile-choose")[1].click(), true`)
			b.until(words + ` === ` + quoted(first[1]))
			if !v.touch {
				b.dragPicture(".tile:nth-child(2) .tile-face", ".tile:nth-child(1) .tile-face", func() { b.key("\u001b") })
				if got := script[string](b, trayOrder); got != want {
					t.Errorf("after Escape the pictures stand as %q, want %q", got, want)
				}
			}
		})
	}
}

// dragPicture drags from the middle of one thing to the far edge of another, with
// what the view has.
func (b *tab) dragPicture(from, to string, end ...func()) {
	b.t.Helper()
	script[bool](b, `document.querySelector("#tray").scrollIntoView({block: "center"}); true`)
	x, y := b.center(from)
	tx, ty := b.center(to)
	tx -= 20
	left := func(p *input.DispatchMouseEventParams) { p.Button, p.Buttons = input.MouseButtonLeft, 1 }
	const steps = 8
	if b.view.touch {
		b.touch(input.DispatchTouchEventTypeTouchStart, x, y)
		b.until(`document.querySelector(".tile-ghost")`) // after a long press
	} else {
		b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x, y), chromedp.MouseEvent(input.DispatchMouseEventTypeMousePressed, x, y, left))
	}
	for i := range steps {
		f := float64(i+1) / steps
		if b.view.touch {
			b.touch(input.DispatchTouchEventTypeTouchMove, x+(tx-x)*f, y+(ty-y)*f)
		} else {
			b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseMoved, x+(tx-x)*f, y+(ty-y)*f, left))
		}
	}
	b.until(`document.querySelector("[data-drop]")`)
	for _, f := range end {
		f()
	}
	if b.view.touch {
		b.touch(input.DispatchTouchEventTypeTouchEnd, 0, 0)
	} else {
		b.do(chromedp.MouseEvent(input.DispatchMouseEventTypeMouseReleased, tx, ty, left))
	}
}

// TestBrowserOnePreviewAtATime: with many accounts the preview was metres long.
// Now it shows one, the others are a tab away, and the choice outlives what is
// drawn anew while one types.
func TestBrowserOnePreviewAtATime(t *testing.T) {
	p := plan(t)
	p.post("Match day", p.at(1, "18:30"), true, p.ids...)
	b := p.signIn(desktop)
	b.open("/posts/new")
	b.until(`document.querySelector("bs-composer").matches(":defined")`)
	shown := `[...document.querySelectorAll(".preview-card")].filter((c) => c.checkVisibility()).map((c) => c.id + "-tab").join()`
	tabs := script[[]string](b, `[...document.querySelectorAll("#preview [role=tab]")].map((t) => t.id)`)
	if len(tabs) != len(p.ids) {
		t.Fatalf("%d tabs for %d accounts", len(tabs), len(p.ids))
	}
	b.until(shown + ` === ` + quoted(tabs[0]))
	script[bool](b, `document.getElementById(`+quoted(tabs[0])+`).focus(), true`)
	for _, step := range []struct {
		key  chord
		want int
	}{{right, 1}, {right, 2}, {left, 1}, {left, 0}, {left, len(tabs) - 1}, {right, 0}, {right, 1}} {
		b.key(step.key.key)
		b.until(`document.activeElement.id === ` + quoted(tabs[step.want]) + ` && ` + shown + ` === ` + quoted(tabs[step.want]))
	}
	if n := script[int](b, `document.querySelectorAll("#preview [role=tab][tabindex='0'][aria-selected=true]").length`); n != 1 {
		t.Errorf("%d tabs are chosen", n)
	}
	b.fill("text", "Under-12 trials are open.")
	b.until(`document.querySelector("#preview").innerText.includes("Under-12 trials") && ` + shown + ` === ` + quoted(tabs[1]))
	b.accessible("preview tabs")
	// Whoever writes for one account sees that one.
	b.click("Change the text for " + script[string](b, `document.querySelector(".own-tools button:nth-of-type(3)").innerText.replace(/Change the text for/, "").trim()`))
	b.until(`document.activeElement.closest(".own-text") && ` + shown + ` === "card-" + document.activeElement.id.slice(5) + "-tab"`)
}
