//go:build !race

package browser

import (
	"bytes"
	"cmp"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"golang.org/x/net/html"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// startless is a demo that nothing runs in: pages are drawn, nothing is sent.
func startless(t *testing.T) *e2ekit.App {
	t.Helper()
	app, err := e2ekit.OpenDemo(t.Context(), e2ekit.SettingsFor(filepath.Join(t.TempDir(), "data")), &bytes.Buffer{}, e2ekit.NewClock().Now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Close() })
	return app
}

// crawler opens every page that it finds a way to.
type crawler struct {
	t       *testing.T
	app     *e2ekit.App
	cookie  string
	seen    map[string]int      // pages by their route
	queue   []string            // paths to open
	known   map[string]bool     // that were in it
	text    strings.Builder     // of all pages
	forms   map[string]pageForm // by their route
	said    map[string]bool
	pages   int
	replies int
	drawn   func(what string, page *html.Node) // looks at each page besides, or nil
}

type pageForm struct {
	action string
	fields map[string]string
}

func newCrawler(t *testing.T, app *e2ekit.App) *crawler {
	t.Helper()
	c := &crawler{t: t, app: app, seen: map[string]int{}, known: map[string]bool{}, forms: map[string]pageForm{}, said: map[string]bool{}}
	w := c.send(http.MethodPost, "/demo/"+app.Demo.Token, nil, false)
	for _, cookie := range w.Result().Cookies() {
		c.cookie = cookie.Name + "=" + cookie.Value
	}
	if c.cookie == "" {
		t.Fatalf("no way in: %d %s", w.Code, w.Body)
	}
	return c
}

func (c *crawler) send(method, path string, form url.Values, hx bool) *httptest.ResponseRecorder {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, path, strings.NewReader(form.Encode()))
	if err != nil {
		return nil // no address: nothing can be asked
	}
	r.RequestURI, r.Host, r.RemoteAddr = r.URL.RequestURI(), c.app.Base().Host, "127.0.0.1:1"
	r.Header.Set("Cookie", c.cookie)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if hx {
		r.Header.Set("Hx-Request", "true")
	}
	w := httptest.NewRecorder()
	c.app.Handler().ServeHTTP(w, r)
	return w
}

var number = regexp.MustCompile(`[0-9a-f]{16,}|\d+`)

// find keeps a path for later: of each route a few, for they are alike.
func (c *crawler) find(path string) {
	path, _, _ = strings.Cut(path, "#")
	u, err := url.Parse(path)
	if err != nil || u.Host != "" || u.Scheme != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "/static/") || c.known[path] {
		return
	}
	c.known[path] = true
	route := number.ReplaceAllString(u.Path, "N")
	const alike = 8
	if c.seen[route] < alike {
		c.seen[route]++
		c.queue = append(c.queue, path)
	}
}

// crawl opens what is found until there is nothing new.
func (c *crawler) crawl(from ...string) {
	c.t.Helper()
	for _, path := range from {
		c.find(path)
	}
	for len(c.queue) > 0 {
		path := c.queue[0]
		c.queue = c.queue[1:]
		for _, hx := range []bool{false, true} {
			c.look(path, c.send(http.MethodGet, path, nil, hx))
		}
	}
}

// look parses an answer and looks for what only a script can have put there.
func (c *crawler) look(what string, w *httptest.ResponseRecorder) *html.Node {
	c.t.Helper()
	if w == nil {
		return nil
	}
	// The engine of this program stands still, which /healthz may say.
	if w.Code >= http.StatusInternalServerError && !strings.HasPrefix(what, "/healthz") {
		c.t.Errorf("%s answers %d", what, w.Code)
	}
	for _, name := range []string{"Location", "Hx-Redirect", "Hx-Location"} {
		if to := w.Header().Get(name); to != "" {
			if u, err := url.Parse(to); err != nil || u.Scheme != "" && u.Scheme != "http" && u.Scheme != "https" || strings.Contains(u.Host, "xss") {
				c.t.Errorf("%s leads to %q", what, to)
			}
			c.find(to)
		}
	}
	if typ := w.Header().Get("Content-Type"); !strings.HasPrefix(typ, "text/html") {
		if strings.Contains(w.Body.String(), "xss()") && !strings.HasPrefix(typ, "text/csv") {
			c.t.Errorf("%s is sent as %q", what, typ)
		}
		return nil
	}
	c.pages++
	doc, err := html.Parse(w.Body)
	if err != nil {
		c.t.Fatalf("%s: %v", what, err)
	}
	for n := range doc.Descendants() {
		if n.Type == html.TextNode {
			c.text.WriteString(n.Data)
		}
		if n.Type == html.ElementNode {
			c.element(what, n)
			if n.Data == "form" {
				c.form(n)
			}
		}
	}
	if c.drawn != nil {
		c.drawn(what, doc)
	}
	return doc
}

// vocabulary are the elements that pages of ours are made of, besides custom
// elements of static/js/elements.
var vocabulary = strings.Fields(`html head body meta title link script main nav header footer section article aside h1 h2 h3 h4 p ul ol li dl dt dd a abbr b em i s small strong span div br wbr hr time
	form label input textarea select option optgroup button fieldset legend output progress details summary dialog table caption thead tbody tfoot tr th td img figure figcaption svg path circle rect
	g line use symbol defs polyline polygon ellipse title text kbd code pre ins del mark sub sup noscript template menu search blockquote data datalist address hgroup colgroup col bdi`)

// element looks at one element of a page.
func (c *crawler) element(what string, n *html.Node) {
	c.t.Helper()
	bad := func(why string) {
		if at := number.ReplaceAllString(what, "N") + why + n.Data; c.said[at] {
			return // once for each kind of page
		} else {
			c.said[at] = true
		}
		var b bytes.Buffer
		_ = html.Render(&b, &html.Node{Type: n.Type, Data: n.Data, Attr: n.Attr})
		c.t.Errorf("%s: %s: %.300s", what, why, b.String())
	}
	if !slices.Contains(vocabulary, n.Data) && !strings.HasPrefix(n.Data, "bs-") || n.Data == "bs-calendar" && attribute(n, "data-xss") {
		bad("an element that is not ours")
	}
	if n.Data == "script" && n.FirstChild != nil && !strings.Contains(value(n, "type"), "json") && value(n, "type") != "importmap" {
		bad("a script in the page")
	}
	for _, a := range n.Attr {
		key := strings.ToLower(a.Key)
		c.text.WriteString(a.Val)
		v := strings.ToLower(strings.Map(func(r rune) rune {
			if r <= ' ' {
				return -1
			}
			return r
		}, a.Val))
		switch {
		case strings.HasPrefix(key, "on"), strings.HasPrefix(key, "hx-on"), strings.HasPrefix(key, "data-hx-"), key == "style", key == "srcdoc", strings.Contains(key, "xss"), strings.ContainsAny(key, "<>\"'`"):
			bad("an attribute that is not ours: " + key)
		case key == "http-equiv":
			bad("a header in the page")
		case slices.Contains([]string{"href", "src", "action", "formaction", "data", "srcset", "poster", "xlink:href", "hx-get", "hx-post", "cite", "ping", "background"}, key):
			switch scheme, _, has := strings.Cut(v, ":"); {
			case has && !strings.ContainsAny(scheme, "/?#") && scheme != "http" && scheme != "https" && scheme != "mailto" && a.Val != "about:invalid#TemplFailedSanitizationURL":
				bad("an address of another kind")
			case strings.HasPrefix(v, "//xss"), strings.Contains(v, "://xss"):
				bad("an address that leads away")
			}
			if key == "href" || key == "hx-get" || n.Data == "img" && key == "src" {
				c.find(a.Val)
			}
		case key == "target" && a.Val == "_blank" && !strings.Contains(value(n, "rel"), "noopener"):
			bad("a page that the other can reach")
		}
	}
}

func attribute(n *html.Node, key string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == key })
}

func value(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// asks are the parameters that addresses of ours know.
var asks = strings.Fields("q show page view date time account campaign who status print days sort media ctx since for fit state to post code error error_description error_reason iss")

// unshown are foreign texts that no page of this club shows: descriptions of
// pictures of link cards, and arguments that few messages have.
var unshown = strings.Fields("media.alt post_events.args notices.args")

// TestForeignTextIsText is T-XSS without a browser: every text that people or
// platforms write is a script, and no page has an element, attribute or address
// that is not ours.
func TestForeignTextIsText(t *testing.T) {
	t.Parallel()
	if n := len(foreignText) * len(scripts); n < 300 {
		t.Errorf("%d pairs of script and field, want at least 300", n)
	}
	app := startless(t)
	furnishMore(t, app)
	poison(t, app)
	c := newCrawler(t, app)
	c.crawl(c.starts()...)
	c.askAround()
	c.live()
	c.fillForms()
	said := c.text.String()
	for column, how := range foreignText {
		if how == "names" || how == "address" || slices.Contains(unshown, column) {
			continue
		}
		for path := range strings.FieldsSeq(cmp.Or(how, "-")) {
			at := column
			if path != "-" {
				at += "." + path
			}
			if !strings.Contains(said, mark(at)) {
				t.Errorf("no page shows %s", at)
			}
		}
	}
	if !strings.Contains(said, "<script>xss()</script>") || c.pages < 150 || c.replies < 20 {
		t.Errorf("%d pages and %d answers to forms show no script", c.pages, c.replies)
	}
	t.Logf("%d pages, %d answers to forms, %d texts × %d scripts", c.pages, c.replies, len(foreignText), len(scripts))
}

// furnishMore adds to a demo what it lacks and what others write: a hold with a
// reason, an invitation, links, texts for one account, permissions that were not
// given, and a failure that names a file.
func furnishMore(t *testing.T, app *e2ekit.App) {
	t.Helper()
	s := store.Scope{ClubID: app.Demo.ClubID, PersonID: app.Demo.PersonID}
	if err := app.DB().HoldPosts(t.Context(), s, "reason", time.Time{}, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := app.DB().CreateInvitation(t.Context(), s, "nora@riverside.example", club.Writer, "test"); err != nil {
		t.Fatal(err)
	}
	change(t, app, `UPDATE revisions SET content = json_set(content, '$.link', 'https://a.example/', '$.texts', json(CASE
		WHEN json_array_length(content, '$.accounts') > 0 THEN json_object(CAST(content ->> '$.accounts[0]' AS TEXT), 'own') ELSE '{}' END))`)
	change(t, app, `UPDATE connections SET missing = '[{"feature":"numbers","permission":"p"}]', health = CASE health WHEN 'working' THEN 'gaps' ELSE health END`)
	change(t, app, `UPDATE deliveries SET code = 'media_too_big', args = '{"file":"f"}' WHERE status IN ('FAILED', 'NEEDS_ATTENTION')`)
}

func (c *crawler) starts() []string {
	return strings.Fields(`/calendar /calendar?view=list /calendar?view=month /posts /posts?show=draft /posts/new /accounts /accounts/connect /results /results.csv /notices /waiting
		/hold /settings /settings/status /settings/members /settings/platforms /profile /practice /clubs/new /nowhere /setup /sign-in?to=/posts /healthz`)
}

// askAround gives every kind of page every parameter there is.
func (c *crawler) askAround() {
	c.t.Helper()
	asked := map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(c.known)) {
		path, _, _ = strings.Cut(path, "?")
		if route := number.ReplaceAllString(path, "N"); asked[route] {
			continue
		} else {
			asked[route] = true
		}
		for i := range scripts {
			if i >= len(asks) {
				break
			}
			q := url.Values{}
			for n, name := range asks {
				q.Set(name, scripts[(i+n)%len(scripts)])
				if (i+n)%3 == 0 {
					q.Set(name, addresses[(i+n)%len(addresses)])
				}
			}
			if i > 3 && i%8 != 0 {
				continue // the parameters of one page have nothing to do with another's
			}
			c.look(path+" with parameters", c.send(http.MethodGet, path+"?"+q.Encode(), nil, false))
		}
	}
}

// live looks at posts and accounts as a club sees them that is not in practice
// mode: with cards of links.
func (c *crawler) live() {
	c.t.Helper()
	for _, table := range []string{"clubs", "connections", "posts"} {
		change(c.t, c.app, `UPDATE `+table+` SET practice = 0`)
	}
	change(c.t, c.app, `INSERT OR REPLACE INTO link_cards (club_id, url, state, title, description, read_at)
		SELECT DISTINCT p.club_id, json_extract(r.content, '$.link'), 'ready', ?, ?, 0 FROM revisions r JOIN posts p ON p.id = r.post_id`,
		scripted("link_cards.title", 0), scripted("link_cards.description", 7))
	c.known, c.seen = map[string]bool{}, map[string]int{}
	c.crawl("/posts", "/calendar?view=list", "/accounts", "/results")
}

// dangerous are forms that take away what is looked at, or lead out.
var dangerous = regexp.MustCompile(`/(deletion|removal|withdrawal|disconnect|reset|sign-out|mode|revision|draft|practice/.*|demo/.*|clubs|current)$`)

// fillForms sends every form that pages have, with a script in every field that
// a person types in, and looks at the answers.
func (c *crawler) fillForms() {
	c.t.Helper()
	for _, route := range slices.Sorted(maps.Keys(c.forms)) {
		action, values := c.forms[route].action, c.forms[route].fields
		if dangerous.MatchString(action) {
			continue
		}
		for i := range 3 {
			form := url.Values{}
			for name, kind := range values {
				switch {
				case kind != "":
					form.Set(name, strings.TrimPrefix(kind, "="))
				case i == 0:
					form.Set(name, scripts[len(name)%len(scripts)])
				case i == 1:
					form.Set(name, addresses[len(name)%len(addresses)])
				default:
					form.Set(name, scripted("form", len(name)))
				}
			}
			c.replies++
			c.look("POST "+action, c.send(http.MethodPost, action, form, i == 1))
		}
	}
	c.crawl()
}

// form keeps the fields of a form, the first of each kind: a value that is sent
// as it is behind a "=", nothing for what a person types.
func (c *crawler) form(n *html.Node) {
	action := value(n, "action")
	route := number.ReplaceAllString(action, "N")
	if _, has := c.forms[route]; has || value(n, "method") != "post" {
		return
	}
	fields := map[string]string{}
	for f := range n.Descendants() {
		name := value(f, "name")
		if f.Type != html.ElementNode || name == "" {
			continue
		}
		switch typ := value(f, "type"); {
		case f.Data == "textarea", f.Data == "input" && slices.Contains([]string{"", "text", "email", "search", "url", "tel", "password", "date", "time"}, typ):
			fields[name] = ""
		case f.Data == "button", typ == "checkbox", typ == "radio":
			if _, has := fields[name]; !has && (f.Data == "button" || attribute(f, "checked")) {
				fields[name] = "=" + value(f, "value")
			}
		case f.Data == "input" && typ != "file":
			fields[name] = "=" + value(f, "value")
		}
	}
	c.forms[route] = pageForm{action, fields}
}
