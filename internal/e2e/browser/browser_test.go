//go:build browser

package browser

import (
	"context"
	_ "embed"
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

//go:embed testdata/axe.min.js
var axe string

// view is a size and a colour scheme in which screens are looked at.
type view struct {
	name          string
	width, height int64
	dark          bool
	touch         bool
}

var (
	phone       = view{"phone", 320, 640, false, true}
	desktop     = view{"desktop", 1280, 800, false, false}
	darkDesktop = view{"desktop-dark", 1280, 800, true, false}
	views       = []view{phone, {"phone-dark", 320, 640, true, true}, desktop, darkDesktop}
)

// plainHost is a name of this computer that browsers do not know for one.
const plainHost = "bandstand.local"

// waitFor is how long a test waits for a condition before it fails.
const waitFor = time.Minute

var (
	chromeOnce sync.Once
	chromeCtx  context.Context
)

// chrome starts one headless Chromium for the whole run.
func chrome(t *testing.T) context.Context {
	t.Helper()
	chromeOnce.Do(func() {
		bin := ""
		for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
			if p, err := exec.LookPath(name); err == nil {
				bin = p
				break
			}
		}
		if bin == "" {
			return
		}
		opts := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(bin), chromedp.NoSandbox, chromedp.DisableGPU,
			chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("lang", "en"),
			chromedp.Flag("host-resolver-rules", "MAP "+plainHost+" 127.0.0.1"))
		alloc, _ := chromedp.NewExecAllocator(context.Background(), opts...)
		chromeCtx, _ = chromedp.NewContext(alloc)
		if err := chromedp.Do(chromeCtx); err != nil {
			chromeCtx = nil
		}
	})
	if chromeCtx == nil {
		t.Fatal("Chromium is missing or does not start: make chromium installs it")
	}
	return chromeCtx
}

// tab is one page in one view. Errors on its console and breaches of the
// content policy fail the test.
type tab struct {
	t    *testing.T
	ctx  context.Context
	base string
	view view
	// expected are parts of console messages that the test provokes.
	expected []string
	// clicks counts what a person pressed, since the test set it to 0.
	clicks int
}

// newTab opens a page with cookies of its own.
func newTab(t *testing.T, base string, v view) *tab {
	t.Helper()
	ctx, cancel := chromedp.NewContext(chrome(t), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	b := &tab{t: t, ctx: ctx, base: base, view: v}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var faults []string
	err := chromedp.Listen(ctx, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch e := ev.(type) {
		case *runtime.EventExceptionThrown:
			what := e.ExceptionDetails.Text
			if e.ExceptionDetails.Exception != nil {
				what += " " + e.ExceptionDetails.Exception.Description
			}
			faults = append(faults, "exception: "+what)
		case *runtime.EventConsoleAPICalled:
			// An answer that changes what the page does not hold.
			if len(e.Args) > 0 && strings.Contains(string(e.Args[0].Value), "oobErrorNoTarget") {
				faults = append(faults, "console: "+string(e.Args[0].Value))
			}
		case *log.EventEntryAdded:
			if e.Entry.Level == log.EntryLevelError {
				faults = append(faults, "console: "+e.Entry.Text+" "+e.Entry.URL)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		for _, f := range faults {
			if !containsAny(f, b.expected) {
				t.Errorf("%s: %s", v.name, f)
			}
		}
	})
	scheme := "light"
	if v.dark {
		scheme = "dark"
	}
	b.do(chromedp.EmulateViewport(v.width, v.height), chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		if _, err := chromedp.Call(ctx, emulation.SetTouchEmulationEnabled, emulation.SetTouchEmulationEnabledParams{Enabled: v.touch}); err != nil {
			return err
		}
		_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}})
		return err
	}))
	return b
}

// quoted is a text as a literal of JavaScript.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func containsAny(s string, parts []string) bool {
	for _, p := range parts {
		if strings.Contains(s, p) {
			return true
		}
	}
	return false
}

// do runs actions; each must succeed in time.
func (b *tab) do(actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	for _, a := range actions {
		ctx, cancel := context.WithTimeout(b.ctx, waitFor)
		err := chromedp.Do(ctx, a)
		cancel()
		if err != nil {
			b.fail(err.Error())
		}
	}
}

// fail shows what the page looked like.
func (b *tab) fail(why string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, 5*time.Second)
	defer cancel()
	url, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body.innerText`))
	b.shot("failed-" + strings.ReplaceAll(b.t.Name(), "/", "-"))
	b.t.Fatalf("%s at %s: %s\n%s", b.view.name, url, why, text)
}

// open goes to a path of the app.
func (b *tab) open(path string) {
	b.t.Helper()
	b.do(chromedp.Navigate(b.base + path))
}

// script runs JavaScript and returns what it gives.
func script[T any](b *tab, js string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, waitFor)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		b.fail(err.Error())
	}
	return v
}

// until waits for a condition in JavaScript. It goes on over page loads.
func (b *tab) until(js string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, waitFor)
	defer cancel()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		// While a page loads there is nothing to ask.
		if ok, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`!!(`+js+`)`)); err == nil && ok {
			return
		}
		select {
		case <-ctx.Done():
			b.fail("never came true: " + js)
		case <-tick.C:
		}
	}
}

// sees waits until the page shows a text.
func (b *tab) sees(text string) {
	b.t.Helper()
	b.until(`document.body && document.body.innerText.replace(/\s+/g, " ").includes(` + quoted(text) + `)`)
}

// click clicks what a person would: the visible link, button or label with this
// text, exact first, then as a beginning.
func (b *tab) click(label string) {
	b.t.Helper()
	b.clicks++
	b.until(`(() => { const want = ` + quoted(label) + `;
	  const seen = (e) => e.checkVisibility({visibilityProperty: true}) && e.getClientRects().length > 0;
	  const text = (e) => (e.innerText || e.value || "").replace(/\s+/g, " ").trim();
	  const all = [...document.querySelectorAll("dialog[open] a, dialog[open] button, dialog[open] label, dialog[open] summary")].filter(seen);
	  const from = all.length ? all : [...document.querySelectorAll("a, button, label, summary")].filter(seen);
	  const e = from.find((e) => text(e) === want) || from.find((e) => text(e).startsWith(want));
	  if (!e) return false;
	  e.scrollIntoView({block: "center"}); e.click(); return true; })()`)
}

// load does something that leads to another page and waits for it.
func (b *tab) load(fn func()) {
	b.t.Helper()
	script[bool](b, `window.bsOldPage = true`)
	fn()
	b.until(`window.bsOldPage !== true && document.readyState === "complete"`)
}

// fill types into the field with this id or name.
func (b *tab) fill(field, value string) {
	b.t.Helper()
	v := quoted(value)
	b.until(`(() => { const e = document.getElementById(` + quoted(field) + `) || document.getElementsByName(` + quoted(field) + `)[0];
	  if (!e) return false;
	  e.focus(); e.value = ` + v + `; e.dispatchEvent(new Event("input", {bubbles: true})); e.dispatchEvent(new Event("change", {bubbles: true})); return true; })()`)
}

// shot keeps a picture of the page in screenshots/.
func (b *tab) shot(name string) {
	b.t.Helper()
	dir := filepath.Join(e2ekit.Root, "screenshots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		b.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(b.ctx, waitFor)
	defer cancel()
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	if err != nil {
		b.t.Logf("no picture of %s: %v", name, err)
		return
	}
	if err := os.WriteFile(filepath.Join(dir, name+"-"+b.view.name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// accessible runs axe-core, and looks for a page that is wider than the window.
func (b *tab) accessible(what string) {
	b.t.Helper()
	// The bar at the foot of a phone covers what has not been scrolled up.
	script[bool](b, `document.querySelector(".side")?.style.setProperty("position", "static"), scrollTo(0, 0), true`)
	script[bool](b, axe+"; true")
	js := `(async () => {
	  const r = await axe.run(document, {runOnly: {type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}, rules: {"target-size": {enabled: true}}, resultTypes: ["violations"]});
	  return r.violations.map((v) => v.impact + " " + v.id + ": " + v.help + " " + v.nodes.slice(0, 3).map((n) => n.target.join(" ") + " " + (n.any[0]?.message ?? "")).join(" | ")); })()`
	// What the bar at the foot of a phone covers can be scrolled out from under it.
	script[bool](b, `(() => { for (const e of document.querySelectorAll(".side")) e.style.position = "static"; return true; })()`)
	defer script[bool](b, `(() => { for (const e of document.querySelectorAll(".side")) e.style.position = ""; return true; })()`)
	for _, f := range script[[]string](b, js) {
		if strings.HasPrefix(f, "serious") || strings.HasPrefix(f, "critical") {
			b.t.Errorf("%s, %s: %s", what, b.view.name, f)
		} else {
			b.t.Logf("%s, %s: %s", what, b.view.name, f)
		}
	}
	if wide := script[int](b, `document.documentElement.scrollWidth - window.innerWidth`); wide > 0 {
		b.t.Errorf("%s, %s: the page is %d px wider than the window", what, b.view.name, wide)
	}
}

// startApp runs a whole app in this process, on a port of its own.
func startApp(t *testing.T, settings e2ekit.Settings, clock *e2ekit.Clock) (*e2ekit.App, string) {
	t.Helper()
	if settings.Data == "" {
		settings.Data = filepath.Join(t.TempDir(), "data")
	}
	settings.Listen = net.JoinHostPort("127.0.0.1", "0")
	out := new(lockedBuffer)
	app, err := e2ekit.Open(t.Context(), settings, out, clock.Now, func(c *e2ekit.Config) { c.Elapsed = clock.Elapsed })
	if err != nil {
		t.Fatal(err)
	}
	runApp(t, app)
	eventually(t, "a greeting", func() bool { return strings.HasSuffix(out.String(), "\n") })
	return app, out.String()
}

// runApp serves an app until the test ends.
func runApp(t *testing.T, app *e2ekit.App) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- app.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("app ended: %v", err)
		}
		if err := app.Close(); err != nil {
			t.Errorf("close app: %v", err)
		}
	})
}

// startDemo runs the demo: a club after two months, with make-believe accounts.
func startDemo(t *testing.T) *e2ekit.App {
	t.Helper()
	return startDemoWith(t, e2ekit.Unchanged)
}

// startDemoWith is startDemo with a chance to change the configuration.
func startDemoWith(t *testing.T, change func(*e2ekit.Config)) *e2ekit.App {
	t.Helper()
	settings := e2ekit.SettingsFor(filepath.Join(t.TempDir(), "data"))
	app, err := e2ekit.OpenDemoWith(t.Context(), settings, new(lockedBuffer), e2ekit.NewClock().Now, change)
	if err != nil {
		t.Fatal(err)
	}
	runApp(t, app)
	return app
}

// enterDemo signs in as the demo's admin by its link.
func (b *tab) enterDemo(app *e2ekit.App) {
	b.t.Helper()
	b.open("/demo/" + app.Demo.Token)
	b.load(func() { b.click("Open Riverside FC") })
}

// lockedBuffer is written by the app and read by the test.
type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
