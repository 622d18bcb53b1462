//go:build browser

package browser

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/i18n/pseudo"
)

// narrow is the least width that pages are made for.
var narrow = view{"narrow", 320, 640, false, true}

// badlyTranslated lists what a page does wrong with words that are 40 % longer, and
// with messages that each stand in brackets: text that does not fit into its
// button or label, is cut off, or was put together out of several messages.
const badlyTranslated = `(() => {
  const faults = [], seen = (e) => e.checkVisibility({checkOpacity: true, checkVisibilityCSS: true});
  // Sentences may follow each other, and so may items of a list; what is put
  // together from parts of a sentence cannot be translated.
  const parts = (s) => { let depth = 0, out = []; for (const c of s) { if (c === "⟦" && depth++ === 0) out.push(""); if (out.length) out[out.length - 1] += c; if (c === "⟧") depth--; } return out; };
  const open = (s) => !/[.:!?…]⟧?\s*$/.test(s) && !/⟧\s*[·,.]\s*$/.test(s);
  const groups = (s) => parts(s).slice(0, -1).some(open) ? 2 : 1;
  const short = (s) => s.trim().replace(/\s+/g, " ").slice(0, 120);
  const glued = (where, s) => { if (s && groups(s) > 1) faults.push("glued in " + where + ": " + short(s)); };
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n = walk.nextNode(); n; n = walk.nextNode()) {
    const e = n.parentElement;
    if (e.closest("script, style, template, textarea, pre, .vh") || !seen(e)) continue;
    glued(e.tagName.toLowerCase(), n.textContent);
  }
  for (const e of document.querySelectorAll("[aria-label], [title], [placeholder], [alt]"))
    for (const a of ["aria-label", "title", "placeholder", "alt"]) glued(a, e.getAttribute(a));
  for (const e of document.querySelectorAll("button, .btn, .badge, .chip, .pill, label, summary, legend, th, td, h1, h2, h3, p, li, dt, dd")) {
    if (!seen(e) || e.clientWidth < 2 || e.closest(".vh, .preview, [data-only-look]")) continue; // a pixel is for those who listen
    const s = getComputedStyle(e);
    if (s.display === "inline" || s.textOverflow === "ellipsis" || s.webkitLineClamp !== "none" || ["auto", "scroll"].includes(s.overflowX)) continue;
    if (e.scrollWidth > e.clientWidth + 1) faults.push((s.overflowX === "visible" ? "does not fit in " : "cut off in ") + e.tagName.toLowerCase() + "." + e.className + ": " + short(e.textContent));
    else if (s.overflowY === "hidden" && e.scrollHeight > e.clientHeight + 2 && e.matches("button, .btn, .badge, .chip, label")) faults.push("cut off below in " + e.tagName.toLowerCase() + ": " + short(e.textContent));
  }
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) faults.push("the page is " + wide + " px wider than the window");
  return faults;
})()`

// TestBrowserLongerLanguage opens every screen on the narrowest phone in a language
// that is made of ours and 40 % longer: German is about as long.
func TestBrowserLongerLanguage(t *testing.T) {
	files := []fs.FS{i18n.Messages()}
	for _, i := range e2ekit.Catalogue().Describe() {
		files = append(files, i.Catalogue)
	}
	words, err := pseudo.Messages(files...)
	if err != nil {
		t.Fatal(err)
	}
	app := startDemoWith(t, func(c *e2ekit.Config) { c.Messages = []fs.FS{words} })
	g := newGallery(app)
	stranger := longerTab(t, app)
	for _, s := range g.strangerScreens(t) {
		stranger.fits(s)
	}
	maeve := longerTab(t, app)
	maeve.open("/demo/" + app.Demo.Token)
	maeve.load(func() { script[bool](maeve, `document.querySelector("main form button").click(), true`) })
	for _, s := range slices.Concat(demoScreens(t, app), g.accountScreens(t), g.keptScreens(t)) {
		maeve.fits(s)
	}
}

// longerTab is a browser whose person reads the longer language.
func longerTab(t *testing.T, app *e2ekit.App) *tab {
	t.Helper()
	b := newTab(t, app.Base().String(), narrow)
	b.expected = []string{"404", "422", "403", "500"}
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, network.SetExtraHTTPHeaders, network.SetExtraHTTPHeadersParams{Headers: network.Headers{"Accept-Language": pseudo.Language}})
		return err
	}))
	return b
}

// fits opens a screen and fails for each word that has no room.
func (b *tab) fits(s screen) {
	b.t.Helper()
	b.open(s.path)
	b.until(`document.readyState === "complete"`)
	if lang := script[string](b, `document.documentElement.lang`); lang != pseudo.Language {
		b.t.Errorf("%s is in %q", s.name, lang)
	}
	b.shot("longer-" + s.name)
	if faults := script[[]string](b, badlyTranslated); len(faults) > 0 {
		b.t.Errorf("%s (%s):\n  %s", s.name, s.path, strings.Join(faults, "\n  "))
	}
}
