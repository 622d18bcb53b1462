package handlers

import (
	"bytes"
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

	"github.com/bandstand-app/bandstand/handlers/accounts"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/jobs"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/bluesky"
	blueskysim "github.com/bandstand-app/bandstand/platforms/bluesky/sim"
	"github.com/bandstand-app/bandstand/platforms/facebook"
	metasim "github.com/bandstand-app/bandstand/platforms/facebook/sim"
	"github.com/bandstand-app/bandstand/platforms/instagram"
	"github.com/bandstand-app/bandstand/platforms/x"
	xsim "github.com/bandstand-app/bandstand/platforms/x/sim"
	"github.com/bandstand-app/bandstand/store"
)

// stage is a scene with platforms: real ones, which a sandbox plays, and the

// club's practice world.

type stage struct {
	*scene
	sandbox *practice.World
	// sandboxURL is where it is, wire what lies between us and it.
	sandboxURL string
	wire       *wire
	log        *logBook
	// canaries are credentials that must never be shown.
	canaries []string
	// hashes are those of them that the database keeps: what a password is compared with.
	hashes  []string
	passing []string     // secrets that only addresses may hold: codes and states of sign-ins
	answers *logBook     // everything that our own pages and headers said
	echo    atomic.Value // how the platforms behave: one of echoes, or ""
}

// logBook keeps what is logged.

type logBook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBook) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

var cast = []func(platforms.Env) platforms.Platform{facebook.New, instagram.New, x.New, bluesky.New}

// company builds the platforms that find their simulators below base.

func company(client *http.Client, base string, now func() time.Time) *platforms.Registry {
	var ps []platforms.Platform
	for _, p := range cast {
		at := map[string]string{}
		for _, e := range p(platforms.Env{}).Info().Endpoints {
			at[e.Name] = base + e.Sandbox
		}
		ps = append(ps, p(platforms.Env{HTTP: client, Endpoints: at, UserAgent: "test", Now: now}))
	}
	return platforms.NewRegistry(ps...)
}

func simulators(base string, now func() time.Time) []platforms.Simulator {
	env := platforms.SimEnv{Now: now, Fetch: http.DefaultClient, BaseURL: base}
	if own, inside := strings.CutSuffix(base, practice.Path); inside {
		for _, p := range cast {
			env.Redirects = append(env.Redirects, own+accounts.CallbackPath(p(platforms.Env{}).Info().ID))
		}
	}
	return []platforms.Simulator{metasim.New(env), xsim.New(env), blueskysim.New(env)}
}

// newStage makes one; change may alter the configuration that the stage made.
func newStage(t *testing.T, change ...func(*Config)) *stage {
	t.Helper()
	st := &stage{log: &logBook{}, answers: &logBook{}, canaries: []string{"canary-app-secret"}}
	st.echo.Store("")
	st.wire = &wire{next: &http.Transport{DisableKeepAlives: true}}
	client := &http.Client{
		Transport:     st.wire,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	st.scene = newScene(t, append([]func(*Config){func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(st.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		base := st.openSandbox(t, c.Now)
		own := c.BaseURL.String() + practice.Path
		c.Real, c.Practice = company(client, base, c.Now), company(nil, own, c.Now)
		c.Worlds = practice.New(practice.Config{
			Dir: t.TempDir(), Log: c.Log,
			Simulators: func() []platforms.Simulator { return simulators(own, c.Now) },
			Platforms:  func(h *http.Client) *platforms.Registry { return company(h, own, c.Now) },
		})
		var words []fs.FS
		for _, p := range c.Real.All() {
			words = append(words, p.Info().Catalogue)
		}
		var err error
		if c.Catalogue, err = i18n.Load(words...); err != nil {
			t.Fatal(err)
		}
		all := *c
		c.Platforms = func(clubID int64, practice bool) *platforms.Registry {
			if practice {
				return all.Worlds.Platforms(clubID)
			}
			return all.Real
		}
		c.AppCredentials = func(ctx context.Context, clubID int64, practice bool, slot string) (platforms.App, error) {
			if practice {
				return platforms.App{"client_id": platforms.NewSecret("practice"), "client_secret": platforms.NewSecret("practice")}, nil
			}
			return all.DB.AppCredentials(ctx, clubID, slot, nil)
		}
		c.SignIns = jobs.NewSignIns(jobs.Config{
			DB: c.DB, Platforms: c.Platforms, App: c.AppCredentials, Log: c.Log, Now: c.Now, After: time.After, Boot: "test",
			Elapsed: func() time.Duration { return 0 },
		})
	}}, change...)...)
	st.said = st.answers
	t.Cleanup(st.nothingSecretGotOut)
	return st
}

// openSandbox serves what stands for the real platforms.

func (st *stage) openSandbox(t *testing.T, now func() time.Time) string {
	t.Helper()
	s := httptest.NewUnstartedServer(nil)
	base := "http://" + s.Listener.Addr().String()
	world, err := practice.Open("", simulators(base, now), slog.New(slog.NewTextHandler(st.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	st.sandbox, st.sandboxURL, s.Config.Handler = world, base, st.echoing(world)
	s.Start()
	t.Cleanup(s.Close)
	return base
}

// goLive leaves practice mode.

func (st *stage) goLive() {
	st.t.Helper()
	st.as(club.Admin).post("/practice/mode", url.Values{"practice": {"off"}}).to("/accounts")
}

// setUp enters the credentials of a platform app.

func (st *stage) setUp(slot string) {
	st.t.Helper()
	st.as(club.Admin).post("/settings/platforms/"+slot, url.Values{"app-client_id": {"1234"}, "app-client_secret": {"canary-app-secret"}}).
		to("/settings/platforms/" + slot)
}

// secrets are the app's secret and every token in the database, opened.

func (st *stage) secrets() []string {
	st.t.Helper()
	out := slices.Clone(st.canaries)
	for _, practice := range []bool{false, true} {
		all, err := st.db.ConnectedAccounts(st.t.Context(), st.scope(club.Admin), practice)
		if err != nil {
			st.t.Fatal(err)
		}
		for _, c := range all {
			tokens, err := st.db.SignInTokens(st.t.Context(), c.ID)
			if err != nil {
				continue
			}
			for _, s := range []platforms.Secret{tokens.Access, tokens.Refresh} {
				if !s.IsZero() {
					out = append(out, s.Reveal())
				}
			}
		}
	}
	return out
}

// follow answers the pages of a make-believe platform until it sends the person

// back, and returns the path with which they come back. off are values of boxes

// that are unticked.

func (st *stage) follow(b *browser, address, button string, off ...string) string {
	st.t.Helper()
	for range 8 {
		if path, ok := strings.CutPrefix(address, st.web.URL); ok && strings.HasPrefix(path, "/oauth/") {
			return path
		}
		page := st.open(b, http.MethodGet, address, nil)
		form := page.doc().Find("form").First()
		if page.StatusCode != http.StatusOK || form.Length() == 0 {
			st.t.Fatalf("%s: %d %s", address, page.StatusCode, page.text())
		}
		here := parse(st.t, address)
		to, err := here.Parse(form.AttrOr("action", here.Path))
		if err != nil {
			st.t.Fatal(err)
		}
		answer := st.open(b, http.MethodPost, to.String(), filled(form, button, off))
		next, err := to.Parse(answer.Header.Get("Location"))
		if err != nil || answer.Header.Get("Location") == "" {
			st.t.Fatalf("%s leads nowhere: %d %s", to.Path, answer.StatusCode, answer.text())
		}
		next.Fragment = ""
		address = next.String()
	}
	st.t.Fatal("not back after eight pages")
	return ""
}

// filled is a form as it stands, less what is unticked.

func filled(form *goquery.Selection, button string, off []string) url.Values {
	values := url.Values{"answer": {button}}
	form.Find("input").Each(func(_ int, in *goquery.Selection) {
		typ, value := in.AttrOr("type", "text"), in.AttrOr("value", "")
		_, ticked := in.Attr("checked")
		if (typ == "checkbox" || typ == "radio") && (!ticked || slices.Contains(off, value)) {
			return
		}
		values.Add(in.AttrOr("name", ""), value)
	})
	return values
}

func parse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (st *stage) open(b *browser, method, address string, form url.Values) *answer {
	st.t.Helper()
	req, err := http.NewRequestWithContext(st.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		st.t.Fatal(err)
	}
	if method == http.MethodPost {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return b.send(req)
}

// leave begins a sign-in and returns the address of the platform's page.

func (st *stage) leave(b *browser, path string, form url.Values) string {
	st.t.Helper()
	return b.post(path, form).want(http.StatusSeeOther).Header.Get("Location")
}

// choose comes back from a platform and ticks everything that can be ticked.

func (st *stage) choose(b *browser, back string) *answer {
	st.t.Helper()
	st.pass(back)
	to := b.get(back).want(http.StatusSeeOther).Header.Get("Location")
	if !strings.HasPrefix(to, "/accounts/choose/") {
		st.t.Fatalf("leads to %s: %s", to, b.get(to).text())
	}
	form := url.Values{}
	b.get(to).want(http.StatusOK).doc().Find(`input[name="account"]`).Each(func(_ int, in *goquery.Selection) {
		if _, off := in.Attr("disabled"); !off {
			form.Add("account", in.AttrOr("value", ""))
		}
	})
	return b.post(to, form)
}

// connect goes the whole way for a role.

func (st *stage) connect(r club.Role, platform string) {
	st.t.Helper()
	b := st.as(r)
	st.choose(b, st.follow(b, st.leave(b, "/accounts/connect/"+platform, nil), "allow")).to("/accounts")
}

// only is the one account on a platform.

func (st *stage) only(practice bool, platform platforms.ID) store.Connected {
	st.t.Helper()
	all, err := st.db.ConnectedAccounts(st.t.Context(), st.scope(club.Admin), practice)
	if err != nil {
		st.t.Fatal(err)
	}
	all = slices.DeleteFunc(all, func(c store.Connected) bool { return c.Account.Platform != platform })
	if len(all) != 1 {
		st.t.Fatalf("%d accounts on %s", len(all), platform)
	}
	return all[0]
}

func pathOf(c store.Connected) string { return "/accounts/" + strconv.FormatInt(c.ID, 10) }

// publish posts in the practice world as the engine would.

func (st *stage) publish(conn store.Connected) {
	st.t.Helper()
	p, _ := st.server.Platforms(st.club.ID, true).Platform(conn.Account.Platform)
	session, _, err := st.server.SignIns.Session(st.t.Context(), conn.Connection, p)
	if err != nil {
		st.t.Fatal(err)
	}
	pub := platforms.Publication{Draft: platforms.Draft{Text: "Trials on Saturday"}, Key: strings.Repeat("ab", 16), CreatedAt: st.clock.Now()}
	if _, err := p.Perform(st.t.Context(), session, pub, nil, p.Plan(pub, nil)); err != nil {
		st.t.Fatal(err)
	}
}
