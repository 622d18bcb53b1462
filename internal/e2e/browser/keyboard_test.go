//go:build browser

package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/dom"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// farthest is how many times somebody presses Tab for one thing, at most.
const farthest = 16

// keyboard is a person who has no pointer. Everything it does to a page is
// pressing keys, and wherever it comes it must see where it is.
type keyboard struct {
	b *tab
	// abroad is on for pages of platforms, which look as they like.
	abroad bool
}

func newKeyboard(t *testing.T, base string, v view) *keyboard {
	t.Helper()
	v.touch = false
	return &keyboard{b: newTab(t, base, v)}
}

// chord is a key with those that are held meanwhile.
type chord struct {
	key  string
	held []chromedp.Modifier
}

var (
	enter         = chord{key: kb.Enter}
	space         = chord{key: " "}
	escape        = chord{key: kb.Escape}
	left          = chord{key: kb.ArrowLeft}
	right         = chord{key: kb.ArrowRight}
	up            = chord{key: kb.ArrowUp}
	down          = chord{key: kb.ArrowDown}
	forward       = chord{key: kb.Tab}
	back          = chord{kb.Tab, []chromedp.Modifier{chromedp.ModifierShift}}
	ctrlEnter     = chord{kb.Enter, []chromedp.Modifier{chromedp.ModifierCtrl}}
	ctrlShiftEntr = chord{kb.Enter, []chromedp.Modifier{chromedp.ModifierCtrl, chromedp.ModifierShift}}
	everything    = chord{"a", []chromedp.Modifier{chromedp.ModifierCtrl}}
)

// press presses a key. Enter, Space and single letters count as activations.
func (k *keyboard) press(c chord) {
	k.b.t.Helper()
	if c.key == kb.Enter || len(c.held) == 0 && len(c.key) == 1 && c.key >= " " && c.key <= "z" && c.key != kb.Tab {
		k.b.clicks++
	}
	k.b.do(chromedp.KeyEvent(c.key, chromedp.KeyModifiers(c.held...)))
}

// letter presses a key that is a short cut.
func (k *keyboard) letter(name string) { k.b.t.Helper(); k.press(chord{key: name}) }

// write types a text where the focus is. It replaces what is there.
func (k *keyboard) write(text string) {
	k.b.t.Helper()
	k.press(everything)
	k.b.do(chromedp.KeyEvent(text))
}

// follow presses a key that leads to another page.
func (k *keyboard) follow(c chord) {
	k.b.t.Helper()
	k.b.load(func() { k.press(c) })
}

// opens goes to an address, as typed into the browser's own bar.
func (k *keyboard) open(path string) { k.b.t.Helper(); k.b.open(path) }

func (k *keyboard) sees(text string) { k.b.t.Helper(); k.b.sees(text) }

// skip goes past the menu of a page, by the first link on it.
func (k *keyboard) skip() {
	k.b.t.Helper()
	k.press(forward)
	k.on("Skip to content")
	clicks := k.b.clicks
	k.press(enter)
	k.b.clicks = clicks // it leads nowhere: no activation of the job
	k.b.until(`document.activeElement.id === "main"`)
}

// tabTo goes on to what bears this name, or begins with it.
func (k *keyboard) tabTo(name string) { k.b.t.Helper(); k.walk(forward, name) }

// backTo goes back to it.
func (k *keyboard) backTo(name string) { k.b.t.Helper(); k.walk(back, name) }

func (k *keyboard) walk(step chord, name string) {
	k.b.t.Helper()
	var passed []string
	for range farthest {
		k.remember()
		k.press(step)
		at := k.here()
		if strings.HasPrefix(at, name) {
			return
		}
		passed = append(passed, at)
	}
	k.b.fail(fmt.Sprintf("%q is not within %d steps: %q", name, farthest, passed))
}

// on waits until the focus is on what bears this name, where it can be seen.
func (k *keyboard) on(name string) {
	k.b.t.Helper()
	end := time.Now().Add(waitFor)
	for {
		at := k.focus()
		if strings.HasPrefix(at.name, name) && len(at.Faults) == 0 {
			return
		}
		if time.Now().After(end) {
			k.b.fail(fmt.Sprintf("the focus is on %s, want %q", at, name))
		}
		k.b.rest(20)
	}
}

// beyond is where Tab leads from the last thing of a page: the browser's own.
const beyond = "body"

// here is the name of what has the focus. It must be where it can be seen.
func (k *keyboard) here() string {
	k.b.t.Helper()
	at := k.focus()
	if at.Tag == beyond {
		return ""
	}
	for end := time.Now().Add(waitFor); len(at.Faults) > 0 && !k.abroad && time.Now().Before(end); at = k.focus() {
		k.b.rest(20) // until the page has come to rest
	}
	if len(at.Faults) > 0 && !k.abroad {
		k.b.shot("focus-" + strings.ReplaceAll(k.b.t.Name(), "/", "-"))
		k.b.fail(fmt.Sprintf("the focus is on %s", at))
	}
	return at.name
}

// focused is what is known of the element that has the focus.
type focused struct {
	Tag    string
	Faults []string
	role   string
	name   string
}

func (f focused) String() string {
	return fmt.Sprintf("%s %q (%s) %s", f.role, f.name, f.Tag, strings.Join(f.Faults, ", "))
}

// focus asks the page for the element and the browser for its name.
func (k *keyboard) focus() focused {
	k.b.t.Helper()
	f := script[focused](k.b, focusReport)
	ctx, cancel := context.WithTimeout(k.b.ctx, waitFor)
	defer cancel()
	at, err := chromedp.Call(ctx, runtime.Evaluate, runtime.EvaluateParams{Expression: "document.activeElement"})
	if err != nil || at.Result.ObjectID == "" {
		return f // a page that is about to go
	}
	alone := false
	tree, err := chromedp.Call(ctx, accessibility.GetPartialAXTree, accessibility.GetPartialAXTreeParams{ObjectID: at.Result.ObjectID, FetchRelatives: &alone})
	if err != nil || len(tree.Nodes) == 0 {
		return f
	}
	n := tree.Nodes[0]
	f.name, f.role = axText(n.Name), axText(n.Role)
	if f.name == "" && f.Tag != beyond && f.Tag != "main#main.main" {
		f.Faults = append(f.Faults, "it has no name")
	}
	return f
}

func axText(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var text string
	if err := json.Unmarshal(v.Value, &text); err != nil {
		return ""
	}
	return strings.Join(strings.Fields(text), " ")
}

// remember notes what everything looks like that has not got the focus.
func (k *keyboard) remember() { k.b.t.Helper(); script[bool](k.b, focusRemember) }

// choose opens the system's picker from the field that has the focus, and takes
// files there.
func (k *keyboard) choose(files []string) {
	k.b.t.Helper()
	asked := make(chan *cdppage.EventFileChooserOpened, 1)
	ctx, cancel := context.WithTimeout(k.b.ctx, waitFor)
	defer cancel()
	if err := chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*cdppage.EventFileChooserOpened); ok {
			asked <- e
		}
	}); err != nil {
		k.b.t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, cdppage.SetInterceptFileChooserDialog, cdppage.SetInterceptFileChooserDialogParams{Enabled: true}); err != nil {
		k.b.t.Fatal(err)
	}
	k.press(enter)
	select {
	case e := <-asked:
		if _, err := chromedp.Call(ctx, dom.SetFileInputFiles, dom.SetFileInputFilesParams{Files: files, BackendNodeID: e.BackendNodeID}); err != nil {
			k.b.t.Fatal(err)
		}
		k.b.clicks++ // the button of the picker
	case <-ctx.Done():
		k.b.fail("no picker of files opened")
	}
}

// focusLook is what shows that an element has the focus: its outline or shadow,
// that of what is drawn over it, or that of the label which stands for it.
const focusLook = `
const looks = (e) => [[e], [e, "::after"], [e, "::before"], ...[...(e.labels ?? [])].map((l) => [l])].map(([x, pseudo]) => {
  const s = getComputedStyle(x, pseudo), content = !pseudo || s.content !== "none";
  const ring = content && s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 && !/, 0\)$|^transparent$/.test(s.outlineColor);
  return (ring ? s.outline : "") + "|" + (content ? s.boxShadow : "none");
});
window.bsLooks ??= new WeakMap();
`

// focusRemember keeps how things look without the focus.
const focusRemember = `(() => {` + focusLook + `
for (const e of document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex]")) if (e !== document.activeElement) bsLooks.set(e, looks(e).join());
return true; })()`

// focusReport says what is wrong with where the focus is.
const focusReport = `(() => {` + focusLook + `
const e = document.activeElement, faults = [];
if (!e) return {Tag: "none", Faults: ["there is no focus"]};
const tag = e.localName + (e.id ? "#" + e.id : "") + (e.className && typeof e.className === "string" ? "." + e.className.trim().replace(/\s+/g, ".") : "");
if (e === document.body) return {Tag: "body", Faults: ["it is nowhere"]};
// Headings and regions get the focus from the page, to go on from there.
const stop = e.tabIndex >= 0 || e.getAttribute("role") === "menuitem";
const drawn = [e, ...(e.labels ?? [])].find((x) => { const r = x.getBoundingClientRect(); return r.width > 3 && r.height > 3 && x.checkVisibility({opacityProperty: true, visibilityProperty: true}); });
if (!drawn) return {Tag: tag, Faults: ["it cannot be seen"]};
const r = drawn.getClientRects()[0], w = document.documentElement.clientWidth, h = document.documentElement.clientHeight;
const low = Math.min(r.bottom, Math.max(r.top, 0) + h), right = Math.min(r.right, r.left + w);
const out = (from, to, room) => to - from <= room ? from < -1 || to > room + 1 : from > room || to < 0; // what is larger than the window is in it in part
if (stop && (out(r.top, r.bottom, h) || out(r.left, r.right, w))) faults.push("it is not in the window: " + [r.left, r.top, r.right, r.bottom].map(Math.round) + " of " + [w, h]);
if (stop) {
  const covers = [[(r.left + right) / 2, (Math.max(r.top, 0) + low) / 2], [r.left + 3, (Math.max(r.top, 0) + low) / 2], [right - 3, (Math.max(r.top, 0) + low) / 2], [(r.left + right) / 2, Math.max(r.top, 0) + 3], [(r.left + right) / 2, low - 3]].map(([x, y]) => {
    const over = document.elementFromPoint(x, y);
    return over && over !== drawn && over !== e && !drawn.contains(over) && !over.contains(drawn) && over.localName + "." + over.className + " at " + Math.round(x) + "," + Math.round(y);
  });
  // Of what is large, an edge may be under something.
  if (covers[0] || covers.filter(Boolean).length > 1) faults.push("it is covered by " + covers.find(Boolean));
  const now = looks(e), before = bsLooks.get(e);
  if (!now.some((l) => l !== "|none")) faults.push("nothing shows that it has the focus");
  else if (before === now.join()) faults.push("it looks as it does without the focus");
  const s = getComputedStyle(e), wide = Math.max(0, parseFloat(s.outlineOffset)) + 1;
  if (s.outlineStyle !== "none" && drawn === e && parseFloat(s.outlineOffset) >= 0) {
    let lost = new Set();
    for (let p = e.parentElement; p; p = p.parentElement) {
      const c = getComputedStyle(p), b = p.getBoundingClientRect();
      if (p === document.body || p === document.documentElement) break;
      if (c.overflowX !== "visible") { if (r.left - wide < b.left) lost.add("left"); if (r.right + wide > b.right) lost.add("right"); }
      if (c.overflowY !== "visible") { if (r.top - wide < b.top) lost.add("top"); if (r.bottom + wide > b.bottom) lost.add("bottom"); }
      if (c.position === "fixed" || p.localName === "dialog") break;
    }
    if (lost.size > 1) faults.push("its outline is cut off at " + [...lost]);
  }
}
return {Tag: tag, Faults: faults}; })()`

// within goes once through everything in an element, and never out of it.
func (k *keyboard) within(selector string) {
	k.b.t.Helper()
	k.b.until(`document.activeElement.closest(` + quoted(selector) + `)`)
	first := ""
	for range 3 * farthest {
		k.remember()
		k.press(forward)
		at := k.here()
		if !script[bool](k.b, `document.activeElement === document.body || !!document.activeElement.closest(`+quoted(selector)+`)`) {
			k.b.fail(fmt.Sprintf("the focus left the %s for %q", selector, at))
		}
		if at == first {
			return
		}
		if first == "" {
			first = at
		}
	}
	k.b.fail("the way through the " + selector + " has no end")
}

// tour goes through everything on a page, from the top to the end.
func (k *keyboard) tour(what string) {
	k.b.t.Helper()
	const most = 250
	ask := `(() => { const f = ` + focusReport + `; ` + focusRemember + `; return f; })()`
	script[bool](k.b, focusRemember)
	for range most {
		k.b.do(chromedp.KeyEvent(kb.Tab))
		f := script[focused](k.b, ask)
		for end := time.Now().Add(waitFor); len(f.Faults) > 0 && f.Tag != beyond && time.Now().Before(end); f = script[focused](k.b, ask) {
			k.b.rest(20)
		}
		if f.Tag == beyond {
			return
		}
		if len(f.Faults) > 0 {
			k.b.shot("focus-" + what)
			k.b.t.Errorf("%s, %s: the focus is on %s", what, k.b.view.name, k.focus())
			return
		}
	}
	k.b.t.Errorf("%s, %s: more than %d stops", what, k.b.view.name, most)
}

// TestBrowserKeyboardTour goes through every screen of a club that has lived
// through two months: wherever Tab leads can be seen.
func TestBrowserKeyboardTour(t *testing.T) {
	app := startDemo(t)
	screens := demoScreens(t, app)
	for _, v := range []view{phone, desktop} {
		t.Run(v.name, func(t *testing.T) {
			k := newKeyboard(t, app.Base().String(), v)
			k.b.expected = []string{"404", "422", "403"}
			k.b.enterDemo(app)
			for _, s := range screens {
				k.open(s.path)
				k.b.until(`document.readyState === "complete"`)
				k.tour(s.name)
			}
		})
	}
}
