//go:build browser

package browser

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	cdp "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// watchScripts makes everything that a script of others could do, and every
// breach of the content policy, a fault of the tab.
const watchScripts = `
window.xss = () => setTimeout(() => { throw new Error("a script of others ran at " + location.href); });
for (const name of ["alert", "confirm", "prompt", "open", "print"]) window[name] = window.xss;
addEventListener("securitypolicyviolation", (e) => setTimeout(() => { throw new Error("policy broken at " + location.href + ": " + e.violatedDirective + " " + e.blockedURI + " " + e.sample); }));`

// TestBrowserForeignTextRunsNothing is T-XSS: a club whose every text is a
// script, in every screen, with what a person does there.
func TestBrowserForeignTextRunsNothing(t *testing.T) {
	app := startDemo(t)
	furnishMore(t, app)
	poison(t, app)
	c := newCrawler(t, app)
	c.crawl(c.starts()...)

	b := newTab(t, app.Base().String(), desktop)
	b.expected = []string{"404", "422", "403", "Failed to load resource"}
	b.do(chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, cdp.AddScriptToEvaluateOnNewDocument, cdp.AddScriptToEvaluateOnNewDocumentParams{Source: watchScripts})
		return err
	}))
	// First the means themselves: both must be noticed.
	b.open("/sign-in")
	if !script[bool](b, `new Promise((done) => { addEventListener("error", (e) => { e.preventDefault(); done(/policy broken/.test(e.message)); }, {once: true});
	  const s = document.createElement("script"); s.textContent = "1"; document.body.append(s); })`) {
		t.Error("a breach of the policy is not noticed")
	}
	b.expected = append(b.expected, "policy broken at "+b.base+"/sign-in: script-src", "Executing inline script")
	b.open("/demo/" + app.Demo.Token)
	b.load(func() {
		b.until(`(() => { const f = document.querySelector("main form button"); if (!f) return false; f.click(); return true; })()`)
	})

	part := regexp.MustCompile(`^/(media|practice|demo|oauth|m)/|\.csv$|^/calendar/changes|^/posts/N/status|^/healthz`)
	opened := map[string]int{}
	for _, path := range slices.Sorted(maps.Keys(c.known)) {
		p, _, _ := strings.Cut(path, "?")
		route := number.ReplaceAllString(p, "N")
		if opened[route]++; opened[route] > 3 || part.MatchString(route) {
			continue
		}
		b.open(path)
		b.until(`document.readyState === "complete"`)
		b.touchEverything()
	}
	b.writeScripts()
	b.settle()
	t.Logf("%d kinds of pages opened", len(opened))
}

// touchEverything opens what can be opened on a page and goes over all of it:
// most scripts wait for a person.
func (b *tab) touchEverything() {
	b.t.Helper()
	script[bool](b, `(async () => {
	  for (const d of document.querySelectorAll("details")) d.open = true;
	  for (const e of document.querySelectorAll("body *")) for (const what of ["mouseover", "pointerover", "focus", "pointerrawupdate", "toggle"]) e.dispatchEvent(new Event(what, {bubbles: false}));
	  if (window.htmx) for (const e of [...document.querySelectorAll("[hx-get]")].slice(0, 6)) await htmx.ajax("GET", e.getAttribute("hx-get"), {target: "#dialog-root", swap: "innerHTML"}).catch(() => {});
	  return true; })()`)
}

// writeScripts types scripts into the composer and waits for the previews.
func (b *tab) writeScripts() {
	b.t.Helper()
	for i := 0; i < len(scripts); i += 9 {
		b.open("/posts/new")
		b.until(`document.readyState === "complete" && document.getElementById("text")`)
		b.fill("text", scripts[i]+" "+scripts[(i+1)%len(scripts)]+" q"+strings.Repeat("z", i))
		b.fill("link", "https://a.example/?"+scripts[(i+2)%len(scripts)])
		// One account's preview is in sight, and may be folded: what is drawn counts.
		b.until(`document.getElementById("preview").textContent.includes("q` + strings.Repeat("z", i) + `")`)
		b.touchEverything()
	}
}

// settle waits until what was begun has had its turn.
func (b *tab) settle() {
	b.t.Helper()
	script[bool](b, `new Promise((done) => setTimeout(() => setTimeout(() => done(true), 200), 0))`)
}
