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
	"testing"
	"time"

	"github.com/PuerkitoBio/goquery"

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
	log     *logBook
	// canaries are credentials that must never be shown.
	canaries []string
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
	return []platforms.Simulator{metasim.New(env), xsim.New(env), blueskysim.New(env)}
}

func newStage(t *testing.T) *stage {
	t.Helper()
	st := &stage{log: &logBook{}, canaries: []string{"canary-app-secret"}}
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	st.scene = newScene(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(st.log, nil))
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
		c.App = func(ctx context.Context, clubID int64, practice bool, slot string) (platforms.App, error) {
			if practice {
				return platforms.App{"client_id": platforms.NewSecret("practice"), "client_secret": platforms.NewSecret("practice")}, nil
			}
			return all.DB.AppCredentials(ctx, clubID, slot, nil)
		}
		c.SignIns = jobs.NewSignIns(jobs.Config{DB: c.DB, Platforms: c.Platforms, App: c.App, Log: c.Log, Now: c.Now, After: time.After, Boot: "test"})
	})
	t.Cleanup(st.nothingSecretWasLogged)
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
	st.sandbox, s.Config.Handler = world, world
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

func (st *stage) nothingSecretWasLogged() {
	log := st.log.String()
	for _, s := range append(st.canaries, "code=", "state=", "access_token") {
		if strings.Contains(log, s) {
			st.t.Errorf("the log holds %q:\n%s", s, log)
		}
	}
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

func TestConnectInPracticeMode(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	tom := st.as(club.Publisher)
	tom.get("/accounts").want(http.StatusOK).says("No accounts yet", "Connect an account")
	tom.get("/accounts/connect").want(http.StatusOK).says("make-believe", "You must be able to post as the Page").saysNot("Needs set-up")
	tom.get("/accounts/connect/facebook").want(http.StatusOK).says("Go to Facebook", "Say yes to all questions", "The same sign-in shows the accounts of")

	address := st.leave(tom, "/accounts/connect/facebook", nil)
	if !strings.HasPrefix(address, st.web.URL+"/practice/") {
		t.Fatalf("a club in practice mode is sent to %s", address)
	}
	back := st.follow(tom, address, "allow")
	to := tom.get(back).want(http.StatusSeeOther).Header.Get("Location")
	choose := tom.get(to).want(http.StatusOK).says("showed us 3 accounts", "Riverside FC Juniors", "You can look at this account but not post as it")
	if n := choose.doc().Find(`input[name="account"][disabled]`).Length(); n != 1 {
		t.Errorf("%d accounts are greyed, want 1", n)
	}
	tom.post(to, url.Values{"account": {"99", "x"}}).want(http.StatusUnprocessableEntity).says("Choose at least one account")
	tom.post(to, url.Values{"account": {"0", "1", "2", "99", "x"}}).to("/accounts")
	list := tom.get("/accounts").want(http.StatusOK).says("Connected. Riverside FC", "can post and read numbers", "Connected by Tom Reid, 23 Nov 2026", "Checked just now")
	if n := list.doc().Find(".account").Length(); n != 2 {
		t.Errorf("%d accounts, want a Page and a profile", n)
	}
	tom.get(to).want(http.StatusNotFound).says("no longer on offer")

	st.goLive()
	tom.get("/accounts").want(http.StatusOK).says("No accounts yet").saysNot("Riverside FC (")
	tom.get(pathOf(st.only(true, facebook.ID))).want(http.StatusNotFound)
	tom.get("/practice/meta/www/riversidefc").want(http.StatusNotFound)
}

func TestSignInIsForOneSessionOnce(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	begin := func(b *browser) string {
		return st.follow(b, st.leave(b, "/accounts/connect/x", nil), "allow")
	}
	unknown := func(name string, b *browser, path string) {
		t.Helper()
		a := b.get(path).to("/accounts")
		if got := a.Header.Get("Referrer-Policy"); got != "no-referrer" {
			t.Errorf("%s: Referrer-Policy %q", name, got)
		}
		if !strings.Contains(b.get("/accounts").text(), "We do not know this sign-in") {
			t.Errorf("%s: nothing is said", name)
		}
	}
	tom := st.as(club.Publisher)

	unknown("no state", tom, "/oauth/x/callback?code=1")
	unknown("wrong state", tom, "/oauth/x/callback?code=1&state=nonsense")

	back := begin(tom)
	unknown("another session of the same person", st.as(club.Publisher), back)
	unknown("seen by somebody else, it works no more", tom, back)

	unknown("another person", st.as(club.Admin), begin(tom))

	unknown("the address of another platform", tom, strings.Replace(begin(tom), "/oauth/x/", "/oauth/facebook/", 1))

	back = begin(tom)
	st.clock.Advance(11 * time.Minute)
	unknown("after ten minutes", tom, back)

	back = begin(tom)
	to := tom.get(back).want(http.StatusSeeOther).Header.Get("Location")
	tom.get(to).want(http.StatusOK)
	unknown("used already", tom, back)
	st.as(club.Admin).get(to).want(http.StatusNotFound)
	st.clock.Advance(31 * time.Minute)
	tom.get(to).want(http.StatusNotFound)

	gone := st.as("").get(begin(tom)).to("/sign-in?to=/accounts")
	if len(gone.Cookies()) == 0 {
		t.Error("somebody whose session is gone is told nothing")
	}
	if all, err := st.db.ConnectedAccounts(t.Context(), st.scope(club.Admin), true); err != nil || len(all) != 0 {
		t.Errorf("something was connected: %v, %v", all, err)
	}
}

func TestDenyingChangesNothing(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	tom := st.as(club.Publisher)
	tom.get(st.follow(tom, st.leave(tom, "/accounts/connect/facebook", nil), "deny")).to("/accounts")
	tom.get("/accounts").says("You came back from Facebook", "without connecting. Nothing was changed.")

	for query, want := range map[string]string{
		"error=server_error&error_description=" + url.QueryEscape("Try <b>later</b>"): "said: “Try <b>later</b>”",
		"error=user_cancelled_login": "without connecting",
		"":                           "for a reason that is new to us",
		"code=never-given":           "Nothing was changed",
	} {
		state := parse(t, st.leave(tom, "/accounts/connect/x", nil)).Query().Get("state")
		tom.get("/oauth/x/callback?" + query + "&state=" + url.QueryEscape(state)).to("/accounts")
		tom.get("/accounts").says(want)
	}
}

func TestMissingPermissionIsSaidWithItsEffect(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	tom := st.as(club.Publisher)
	back := st.follow(tom, st.leave(tom, "/accounts/connect/facebook", nil), "allow", "read_insights")
	st.choose(tom, back).to("/accounts")
	tom.get("/accounts").says("Reading numbers was not allowed.", "Works, with gaps", "Results show no numbers for this account")
	tom.get(pathOf(st.only(true, facebook.ID))).want(http.StatusOK).says("What that costs", "Results show no numbers", "read_insights", "Last checks")
}

func TestTypedSignIn(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.canaries = append(st.canaries, "abcd-efgh-canr-yyyy")
	tom := st.as(club.Publisher)
	form := tom.get("/accounts/connect/bluesky").want(http.StatusOK).says("Handle", "App password", "riversidefc.test")
	if form.doc().Find(`input[name="in-password"][type="password"]`).Length() != 1 {
		t.Error("the password can be read over a shoulder")
	}
	typed := func(handle, password string) url.Values {
		return url.Values{"in-handle": {handle}, "in-password": {password}, "in-host": {st.web.URL + "/practice/bluesky"}}
	}
	empty := tom.post("/accounts/connect/bluesky", url.Values{}).want(http.StatusUnprocessableEntity).says("Enter the Handle", "Enter the App password")
	if empty.doc().Find(".errors li").Length() != 2 {
		t.Error("the summary does not list both faults")
	}
	wrong := tom.post("/accounts/connect/bluesky", typed("riversidefc.test", "wron-gwro-ngwr-ongw")).want(http.StatusUnprocessableEntity).says("does not know this name and password")
	if got := wrong.doc().Find(`input[name="in-handle"]`).AttrOr("value", ""); got != "riversidefc.test" {
		t.Errorf("the handle typed is lost: %q", got)
	}
	if strings.Contains(wrong.body, "wron-gwro-ngwr-ongw") {
		t.Error("the password typed is shown again")
	}
	tom.post("/accounts/connect/bluesky", typed("riversidefc.test", "my main password")).want(http.StatusUnprocessableEntity).says("Use an app password here")
	tom.post("/accounts/connect/bluesky", typed("riversidefc.test", "abcd-efgh-canr-yyyy")).to("/accounts")
	tom.get("/accounts").says("Connected.", "@riversidefc.test", "renews by itself")

	conn := st.only(true, bluesky.ID)
	path := pathOf(conn) + "/reconnect"
	tom.post(path, typed("oldtownchoir.test", "abcd-efgh-ijkl-mnop")).want(http.StatusUnprocessableEntity).says("That was a different account", "Old Town Choir", "We changed nothing")
	tom.post(path, typed("riversidefc.test", "abcd-efgh-ijkl-mnop")).to("/accounts")
	if again := st.only(true, bluesky.ID); again.ID != conn.ID {
		t.Errorf("reconnecting made account %d of %d", again.ID, conn.ID)
	}
}

func TestReconnectKeepsTheIdentityAndRefusesAnother(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "facebook")
	tom := st.as(club.Publisher)
	page := st.only(true, facebook.ID)
	path := pathOf(page)
	before := st.secrets()

	// The person shares the other Page alone.
	back := st.follow(tom, st.leave(tom, path+"/reconnect", nil), "allow", page.Account.RemoteID)
	tom.get(back).to(path)
	tom.get(path).says("That was a different account", "Riverside FC Juniors", "We changed nothing")
	if !slices.Equal(before, st.secrets()) {
		t.Error("refusing another account changed the sign-in")
	}

	back = st.follow(tom, st.leave(tom, path+"/reconnect", url.Values{"to": {"/posts/5"}}), "allow")
	tom.get(back).to("/posts/5")
	after := st.only(true, facebook.ID)
	if after.ID != page.ID || after.Version == page.Version {
		t.Errorf("account %d version %d became %d version %d", page.ID, page.Version, after.ID, after.Version)
	}
	tom.get("/accounts").says("Reconnected.")

	back = st.follow(tom, st.leave(tom, path+"/reconnect", url.Values{"to": {"https://evil.example"}}), "allow")
	tom.get(back).to(path)
}

func TestCheckAndRehearseReconnecting(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	tom := st.as(club.Publisher)
	conn := st.only(true, x.ID)
	path := pathOf(conn)

	tom.post(path+"/check", nil).to("/accounts")
	tom.get("/accounts").says("was checked just now. The sign-in works.")

	tom.post("/practice/behaviour", url.Values{"platform": {"x"}, "behaviour": {"reconnect"}}).to("/practice")
	tom.post(path+"/check", url.Values{"to": {path}}).to(path)
	tom.get(path).says("no longer accepts our sign-in", "Needs reconnecting")
	if got := st.only(true, x.ID); got.Health != club.NeedsReconnect {
		t.Fatalf("health %s", got.Health)
	}

	back := st.follow(tom, st.leave(tom, path+"/reconnect", nil), "allow")
	tom.get(back).to(path)
	tom.get(path).says("Reconnected.", "Working")
	if got := st.only(true, x.ID); got.Health != club.Working || got.ID != conn.ID {
		t.Errorf("health %s of %d", got.Health, got.ID)
	}
	checks, err := st.db.ConnectionChecks(t.Context(), st.scope(club.Admin), conn.ID, checksShown)
	if err != nil || len(checks) < 4 {
		t.Errorf("only %d looks are recorded, %v", len(checks), err)
	}
}

func TestExpiredAccessIsRenewedByTheCheck(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	st.clock.Advance(3 * time.Hour)
	tom := st.as(club.Publisher)
	tom.post(pathOf(st.only(true, x.ID))+"/check", nil).to("/accounts")
	tom.get("/accounts").says("The sign-in works")
}

func TestTroubleAtThePlatformKeepsTheLastGoodCheck(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	w, err := st.server.Worlds.Of(st.club.ID)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Fault(platforms.SimFault{Platform: x.ID, Operation: "*", Fault: "error_before", Count: 1}); err != nil {
		t.Fatal(err)
	}
	st.clock.Advance(time.Minute)
	tom := st.as(club.Publisher)
	tom.post(pathOf(st.only(true, x.ID))+"/check", nil).to("/accounts")
	tom.get("/accounts").says("We could not ask X just now. The last good check was Mon 23 Nov, 09:00.", "Working")
}

func TestDisconnect(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	conn := st.only(true, x.ID)
	path := pathOf(conn)
	tokens, err := st.db.SignInTokens(t.Context(), conn.ID)
	if err != nil {
		t.Fatal(err)
	}
	st.canaries = append(st.canaries, tokens.Access.Reveal(), tokens.Refresh.Reveal())
	tom := st.as(club.Publisher)
	tom.get(path+"/disconnect").want(http.StatusOK).says("What stops", "What stays", "Bandstand destroys the sign-in and tells X so").saysNot("stays, because")
	tom.post(path+"/disconnect", nil).to("/accounts")
	tom.get("/accounts").says("is disconnected", "Disconnected", "Reconnect")
	if _, err := st.db.SignInTokens(t.Context(), conn.ID); err == nil {
		t.Error("the sign-in is still there")
	}
	// The platform was told: nothing can be renewed with what was ours.
	p, _ := st.server.Platforms(st.club.ID, true).Platform(x.ID)
	app, err := st.server.App(t.Context(), st.club.ID, true, "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.(platforms.Renewer).Renew(t.Context(), app, conn.Account, tokens.Refresh); platforms.KindOf(err) != platforms.Revoked {
		t.Errorf("the old sign-in can be renewed: %v", err)
	}
	tom.get(path + "/disconnect").to("/accounts")
	tom.get(path).want(http.StatusOK).says("Disconnected")

	back := st.follow(tom, st.leave(tom, path+"/reconnect", nil), "allow")
	tom.get(back).to(path)
	if again := st.only(true, x.ID); again.ID != conn.ID || again.Health != club.Working {
		t.Errorf("connected again as %d, %s", again.ID, again.Health)
	}
}

func TestRealAccountsNeedAPlatformApp(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.goLive()
	tom, maeve := st.as(club.Publisher), st.as(club.Admin)
	tom.get("/accounts/connect").says("Needs set-up by an Admin").saysNot("Set up Facebook")
	maeve.get("/accounts/connect").says("Set up Facebook")
	tom.post("/accounts/connect/facebook", nil).want(http.StatusConflict).says("Needs set-up by an Admin")
	tom.get("/settings/platforms/meta").want(http.StatusForbidden)

	maeve.get("/settings/platforms").want(http.StatusOK).says("Meta app", "Not set up yet")
	page := maeve.get("/settings/platforms/meta").want(http.StatusOK)
	if got, want := page.doc().Find("#redirect").AttrOr("value", ""), st.web.URL+"/oauth/facebook/callback"; got != want {
		t.Errorf("redirect address %q, want %q", got, want)
	}
	bad := maeve.post("/settings/platforms/meta", url.Values{"app-client_id": {"12 34"}, "app-client_secret": {""}}).want(http.StatusUnprocessableEntity).says("holds no spaces", "Enter the App secret")
	if got := bad.doc().Find("#app-client_id").AttrOr("value", ""); got != "12 34" {
		t.Errorf("the id typed is lost: %q", got)
	}
	st.setUp("meta")
	saved := maeve.get("/settings/platforms/meta").says("Set up by Maeve Byrne", "Leave this empty to keep it")
	if strings.Contains(saved.body, "canary-app-secret") {
		t.Error("the app's secret is shown again")
	}
	if got := saved.doc().Find("#app-client_id").AttrOr("value", ""); got != "1234" {
		t.Errorf("the app's id is %q", got)
	}
	// The secret stays when only the id is changed.
	maeve.post("/settings/platforms/meta", url.Values{"app-client_id": {"5678"}, "app-client_secret": {""}}).to("/settings/platforms/meta")
	maeve.get("/settings/platforms/meta").says("is saved")
	app, err := st.server.App(t.Context(), st.club.ID, false, "meta")
	if err != nil || app["client_id"].Reveal() != "5678" || app["client_secret"].Reveal() != "canary-app-secret" {
		t.Errorf("the app is %v, %v", app["client_id"].Reveal(), err)
	}
	maeve.post("/settings/platforms/meta/check", nil).want(http.StatusOK).says("Needs attention. Bandstand is reached over plain http", "The platform knows this app")
}

func TestRealAccountsAreConnectedWithoutShowingASecret(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.goLive()
	st.setUp("meta")
	tom, maeve := st.as(club.Publisher), st.as(club.Admin)

	// The form that leads away must be allowed to.
	policy := tom.get("/accounts/connect/facebook").want(http.StatusOK).Header.Get("Content-Security-Policy")
	address := st.leave(tom, "/accounts/connect/facebook", nil)
	u := parse(t, address)
	if !strings.Contains(policy, "form-action 'self' "+u.Scheme+"://"+u.Host+";") {
		t.Errorf("policy %q does not let the form lead to %s", policy, u.Host)
	}
	if strings.HasPrefix(address, st.web.URL) {
		t.Errorf("a live club is sent to its practice world: %s", address)
	}
	st.choose(tom, st.follow(tom, address, "allow")).to("/accounts")
	if len(st.secrets()) < 3 {
		t.Fatal("no tokens were kept")
	}
	for _, path := range []string{"/accounts", pathOf(st.only(false, facebook.ID)), "/settings/platforms/meta"} {
		body := maeve.get(path).want(http.StatusOK).body
		for _, secret := range st.secrets() {
			if strings.Contains(body, secret) || strings.Contains(st.log.String(), secret) {
				t.Errorf("%s or the log holds a secret", path)
			}
		}
	}
	maeve.post("/settings/platforms/meta/removal", nil).to("/settings/platforms")
	maeve.get("/settings/platforms").says("Not set up yet")
}

func TestAccountsOfOtherClubsAreNotThere(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	conn := st.only(true, x.ID)
	other, err := st.db.CreateClub(t.Context(), st.persons[club.Admin].ID, store.NewClub{Name: "Old Town Choir", Zone: "UTC"}, "test")
	if err != nil {
		t.Fatal(err)
	}
	maeve := st.as(club.Admin)
	maeve.post("/clubs/current", url.Values{"club": {strconv.FormatInt(other.ID, 10)}}).want(http.StatusSeeOther)
	path := pathOf(conn)
	maeve.get("/accounts").want(http.StatusOK).says("No accounts yet")
	for _, p := range []string{path, path + "/reconnect", path + "/disconnect", "/accounts/999", "/accounts/x"} {
		maeve.get(p).want(http.StatusNotFound)
	}
	for _, p := range []string{path + "/check", path + "/reconnect", path + "/disconnect"} {
		maeve.post(p, nil).want(http.StatusNotFound)
	}
	if got := st.only(true, x.ID); got.Health != club.Working || got.Version != conn.Version {
		t.Error("another club changed the account")
	}
	for clubID, want := range map[int64]practice.Behaviour{st.club.ID: practice.Slow, other.ID: practice.Publishes} {
		w, err := st.server.Worlds.Of(clubID)
		if err != nil {
			t.Fatal(err)
		}
		if clubID == st.club.ID {
			if err := w.Behave(x.ID, practice.Slow); err != nil {
				t.Fatal(err)
			}
		}
		if got := w.Behaviour(x.ID); got != want {
			t.Errorf("the world of club %d is %s, want %s", clubID, got, want)
		}
	}
}

func TestWhoMayConnect(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	path := pathOf(st.only(true, x.ID))
	for _, r := range []club.Role{club.Writer, club.Viewer} {
		b := st.as(r)
		page := b.get("/accounts").want(http.StatusOK).says("Riverside FC")
		if n := page.doc().Find(".main form, .main a[href$='/reconnect'], .main a[href='/accounts/connect']").Length(); n != 0 {
			t.Errorf("%s is shown %d things they may not do", r, n)
		}
		b.get(path).want(http.StatusOK)
		for _, p := range []string{path + "/check", path + "/disconnect", path + "/reconnect", "/accounts/connect/x", "/practice/reset", "/practice/mode"} {
			b.post(p, nil).want(http.StatusForbidden)
		}
	}
	st.as(club.Publisher).post("/practice/mode", nil).want(http.StatusForbidden)
}

func TestPracticePage(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	maeve := st.as(club.Admin)
	maeve.get("/practice").want(http.StatusOK).says("The club practises", "Nothing is public yet", "Go live")
	st.connect(club.Admin, "x")
	maeve.get("/practice").says("Rehearse", "Refuses photos")
	if maeve.get("/accounts").doc().Find(`.banner a[href="/practice"]`).Length() != 1 {
		t.Error("the banner does not lead to the practice page")
	}
	st.publish(st.only(true, x.ID))
	maeve.get("/practice").says("Trials on Saturday", "Riverside FC (@riversidefc)")
	maeve.post("/practice/behaviour", url.Values{"platform": {"x"}, "behaviour": {"explodes"}}).want(http.StatusNotFound)
	maeve.post("/practice/reset", nil).to("/practice")
	maeve.get("/practice").says("have forgotten everything", "Nothing is public yet")
	if got := st.only(true, x.ID); got.Health != club.Disconnected {
		t.Errorf("after a reset the account is %s", got.Health)
	}
	maeve.post("/practice/mode", url.Values{"practice": {"off"}}).to("/accounts")
	maeve.get("/accounts").says("The club is live").saysNot("Practice mode.")
	maeve.get("/practice").want(http.StatusOK).says("The club is live", "Switch to practice mode").saysNot("Rehearse")
	maeve.post("/practice/reset", nil).want(http.StatusNotFound)
	maeve.post("/practice/mode", url.Values{"practice": {"on"}}).to("/practice")
	maeve.get("/accounts").says("Practice mode.")
}

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

func TestConnectingIsRecorded(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	st.connect(club.Publisher, "x")
	st.as(club.Publisher).post(pathOf(st.only(true, x.ID))+"/disconnect", nil).to("/accounts")
	st.setUp("meta")
	entries, err := st.db.AuditEntries(t.Context(), st.club.ID, 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{"account_connected", "account_reconnected", "account_disconnected", "app_saved"} {
		i := slices.IndexFunc(entries, func(e store.AuditEntry) bool { return e.Action == action })
		if i < 0 || entries[i].PersonName == "" || entries[i].Origin == "" {
			t.Errorf("%s is not recorded with who and from where", action)
		}
	}
}

func TestAccountPageShowsTheNewestNumbers(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.connect(club.Publisher, "x")
	conn := st.only(true, x.ID)
	tom := st.as(club.Viewer)
	tom.get(pathOf(conn)).saysNot("Numbers taken")
	n := platforms.Numbers{Values: map[platforms.Number]int64{platforms.Followers: 4210}}
	if err := st.db.SaveAccountNumbers(t.Context(), conn.Connection, "2026-11-23", n, nil, st.clock.Now().Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	tom.get(pathOf(conn)).says("4,210", "Numbers taken 23 Nov 2026, 09:00.").saysNot("Impressions")
}
