package handlers

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/accounts"
	"github.com/bandstand-app/bandstand/internal/club"
)

// wire is what lies between Bandstand and the platforms: it counts, and a test
// may answer in their place.
type wire struct {
	next  http.RoundTripper
	codes atomic.Int64 // exchanges of a code
	// token and list, if not nil, answer for the token endpoint and the list of accounts.
	token, list func(*http.Request) *http.Response
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	isToken := strings.HasSuffix(r.URL.Path, "/oauth2/token") || strings.HasSuffix(r.URL.Path, "/oauth/access_token")
	isList := strings.HasSuffix(r.URL.Path, "/users/me") || strings.HasSuffix(r.URL.Path, "/me/accounts")
	if isToken {
		w.codes.Add(1)
	}
	for _, answer := range []struct {
		here bool
		make func(*http.Request) *http.Response
	}{{isToken, w.token}, {isList, w.list}} {
		if !answer.here || answer.make == nil {
			continue
		}
		if r.Body != nil {
			_ = r.Body.Close()
		}
		if a := answer.make(r); a != nil {
			a.Request = r
			return a, nil
		}
		return nil, io.ErrUnexpectedEOF
	}
	return w.next.RoundTrip(r)
}

// says is an answer of a platform.
func says(status int, contentType, body string) func(*http.Request) *http.Response {
	return func(*http.Request) *http.Response {
		return &http.Response{
			StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{"Content-Type": {contentType}}, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)),
		}
	}
}

const asJSON = "application/json"

// comingBack is somebody on the way back from a platform: the address they bring,
// which a case may change, and the browser they come with.
type comingBack struct {
	st   *stage
	tom  *browser // who began
	at   string   // path of the callback
	q    url.Values
	with *browser // who comes back
	form url.Values
}

func (b *comingBack) path() string { return b.at + "?" + b.q.Encode() }

// away begins a sign-in at X and says yes there; change may alter the address of
// the platform's page.
func (st *stage) away(tom *browser, change ...func(url.Values)) *comingBack {
	st.t.Helper()
	at := parse(st.t, st.leave(tom, "/accounts/connect/x", nil))
	q := at.Query()
	for _, f := range change {
		f(q)
	}
	at.RawQuery = q.Encode()
	back := parse(st.t, st.follow(tom, at.String(), "allow"))
	return &comingBack{st: st, tom: tom, at: back.Path, q: back.Query(), with: tom}
}

const (
	unknownSignIn = "We do not know this sign-in"
	nothing       = "Nothing was changed"
	toAccounts    = "/accounts"
	toChoice      = "/accounts/choose/"
)

// callbacks is T-OAUTH: what comes back from a platform, and what becomes of it.
// exchanges is how many codes were sent to the platform.
var callbacks = []struct {
	name      string
	change    func(b *comingBack)
	to, says  string
	exchanges int64
}{
	{"as it should be", nil, toChoice, "showed us one account", 1},

	// The state
	{"no state", func(b *comingBack) { b.q.Del("state") }, toAccounts, unknownSignIn, 0},
	{"an empty state", func(b *comingBack) { b.q.Set("state", "") }, toAccounts, unknownSignIn, 0},
	{"a state that was made up", func(b *comingBack) { b.q.Set("state", strings.Repeat("A", 43)) }, toAccounts, unknownSignIn, 0},
	{"a state that is cut", func(b *comingBack) { b.q.Set("state", b.q.Get("state")[:42]) }, toAccounts, unknownSignIn, 0},
	{"a state with more behind it", func(b *comingBack) { b.q.Set("state", b.q.Get("state")+"A") }, toAccounts, unknownSignIn, 0},
	{"a state with a NUL behind it", func(b *comingBack) { b.q.Set("state", b.q.Get("state")+"\x00") }, toAccounts, unknownSignIn, 0},
	{"the hash of the state", func(b *comingBack) {
		sum := sha256.Sum256([]byte(b.q.Get("state")))
		b.q.Set("state", hex.EncodeToString(sum[:]))
	}, toAccounts, unknownSignIn, 0},
	{"a wrong state before the right one", func(b *comingBack) { b.q["state"] = []string{"x", b.q.Get("state")} }, toAccounts, unknownSignIn, 0},
	{"a very long state", func(b *comingBack) { b.q.Set("state", strings.Repeat("A", 9000)) }, toAccounts, unknownSignIn, 0},
	{"just within ten minutes", func(b *comingBack) {
		b.st.clock.Advance(10*time.Minute - time.Millisecond)
		answers(says(200, asJSON, `{"access_token":"canary-t","token_type":"bearer"}`), me)(b)
	}, toChoice, "showed us one account", 1},
	{"after ten minutes", func(b *comingBack) { b.st.clock.Advance(10 * time.Minute) }, toAccounts, unknownSignIn, 0},
	{"once more", func(b *comingBack) { b.with.get(b.path()); b.st.wire.codes.Store(0) }, toAccounts, unknownSignIn, 0},
	{"after somebody said no with it", func(b *comingBack) {
		b.with.get(b.at + "?" + url.Values{"state": b.q["state"], "error": {"access_denied"}}.Encode())
	}, toAccounts, unknownSignIn, 0},
	{"after somebody else saw it", func(b *comingBack) { b.st.as(club.Admin).get(b.path()) }, toAccounts, unknownSignIn, 0},
	{"in another session of the same person", func(b *comingBack) { b.with = b.st.as(club.Publisher) }, toAccounts, unknownSignIn, 0},
	{"by another member", func(b *comingBack) { b.with = b.st.as(club.Admin) }, toAccounts, unknownSignIn, 0},
	{"by somebody of another club", func(b *comingBack) {
		other := otherClub(b.st.t, b.st.scene)
		b.with = b.st.signedIn(other.PersonID, other.ClubID)
	}, toAccounts, unknownSignIn, 0},
	{"by a stranger", func(b *comingBack) { b.with = b.st.visitor() }, "/sign-in?to=/accounts&because=gone", "You were signed out of Bandstand while you were away", 0},
	{"looking at another club meanwhile", func(b *comingBack) {
		other := otherClub(b.st.t, b.st.scene)
		token, err := b.st.db.CreateInvitation(b.st.t.Context(), other, "tom@choir.example", club.Admin, "test")
		if err != nil {
			b.st.t.Fatal(err)
		}
		if _, err := b.st.db.AcceptInvitation(b.st.t.Context(), token, b.st.persons[club.Publisher].ID, "test"); err != nil {
			b.st.t.Fatal(err)
		}
		b.st.exec(`UPDATE clubs SET practice = 0`)
		b.tom.post("/clubs/current", url.Values{"club": {id64(other.ClubID)}}).to("/calendar")
	}, toAccounts, unknownSignIn, 0},
	{"signed out meanwhile", func(b *comingBack) { b.tom.post("/sign-out", nil).to("/sign-in"); b.with = b.st.visitor() }, "/sign-in?to=/accounts&because=gone", "You were signed out", 0},
	{"another role meanwhile", func(b *comingBack) {
		b.st.as(club.Admin).post(b.st.memberPath(club.Publisher, "role"), url.Values{"role": {"writer"}}).want(303)
	}, "/sign-in?to=/accounts&because=gone", "You were signed out", 0},
	{"another role meanwhile, and signed in again", func(b *comingBack) {
		b.st.as(club.Admin).post(b.st.memberPath(club.Publisher, "role"), url.Values{"role": {"writer"}}).want(303)
		b.with = b.st.as(club.Publisher)
	}, "403", "Only Admins and Publishers", 0},
	{"removed from the club meanwhile", func(b *comingBack) {
		b.st.as(club.Admin).post(b.st.memberPath(club.Publisher, "removal"), nil).want(303)
	}, "/sign-in?to=/accounts&because=gone", "You were signed out", 0},
	{"removed from the club, and signed in again", func(b *comingBack) {
		b.st.as(club.Admin).post(b.st.memberPath(club.Publisher, "removal"), nil).want(303)
		b.with = b.st.signedIn(b.st.persons[club.Publisher].ID, b.st.club.ID)
	}, "403", "Only Admins and Publishers", 0},
	{"practising again meanwhile", func(b *comingBack) {
		b.st.as(club.Admin).post("/practice/mode", url.Values{"practice": {"on"}}).to("/practice")
	}, toAccounts, unknownSignIn, 0},
	{"begun in practice mode", func(b *comingBack) {
		admin := b.st.as(club.Admin)
		admin.post("/practice/mode", url.Values{"practice": {"on"}}).to("/practice")
		b.q = b.st.away(b.tom).q
		admin.post("/practice/mode", url.Values{"practice": {"off"}}).to("/accounts")
	}, toAccounts, unknownSignIn, 0},
	{"a code of a make-believe platform at the real one", func(b *comingBack) {
		admin := b.st.as(club.Admin)
		admin.post("/practice/mode", url.Values{"practice": {"on"}}).to("/practice")
		code := b.st.away(b.tom).q.Get("code")
		admin.post("/practice/mode", url.Values{"practice": {"off"}}).to("/accounts")
		b.q.Set("code", code)
	}, toAccounts, nothing, 1},

	// The address
	{"at the address of another platform", func(b *comingBack) { b.at = "/oauth/facebook/callback" }, toAccounts, unknownSignIn, 0},
	{"at the address of a platform without sign-in", func(b *comingBack) { b.at = "/oauth/bluesky/callback" }, toAccounts, unknownSignIn, 0},
	{"at the address of no platform", func(b *comingBack) { b.at = "/oauth/nowhere/callback" }, toAccounts, unknownSignIn, 0},

	// The code
	{"no code", func(b *comingBack) { b.q.Del("code") }, toAccounts, nothing, 0},
	{"an empty code", func(b *comingBack) { b.q.Set("code", "") }, toAccounts, nothing, 0},
	{"a code that was made up", func(b *comingBack) { b.q.Set("code", "never-given") }, toAccounts, nothing, 1},
	{"a very long code", func(b *comingBack) { b.q.Set("code", strings.Repeat("A", 9000)) }, toAccounts, nothing, 1},
	{"a wrong code before the right one", func(b *comingBack) { b.q["code"] = []string{"never-given", b.q.Get("code")} }, toAccounts, nothing, 1},
	{"the code of another sign-in", func(b *comingBack) { b.q.Set("code", b.st.away(b.tom).q.Get("code")) }, toAccounts, nothing, 1},
	{"a code that was used", func(b *comingBack) {
		b.tom.get(b.path())
		b.st.wire.codes.Store(0)
		used := b.q.Get("code")
		b.q = b.st.away(b.tom).q
		b.q.Set("code", used)
	}, toAccounts, nothing, 1},
	{"a code for another challenge", func(b *comingBack) {
		b.q = b.st.away(b.tom, func(q url.Values) { q.Set("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM") }).q
	}, toAccounts, nothing, 1},
	{"a code for another app", func(b *comingBack) {
		b.q = b.st.away(b.tom, func(q url.Values) { q.Set("client_id", "9999") }).q
	}, toAccounts, nothing, 1},
	{"a code for another address of ours", func(b *comingBack) {
		b.q = b.st.away(b.tom, func(q url.Values) {
			q.Set("redirect_uri", strings.Replace(q.Get("redirect_uri"), "/oauth/x/", "/oauth/facebook/", 1))
		}).q
	}, toAccounts, nothing, 1},

	// What the platform says instead
	{"the person said no", func(b *comingBack) { b.q = url.Values{"state": b.q["state"], "error": {"access_denied"}} }, toAccounts, "without connecting", 0},
	{"the person said no, in an older way", func(b *comingBack) {
		b.q = url.Values{"state": b.q["state"], "error": {"x"}, "error_reason": {"user_denied"}}
	}, toAccounts, "without connecting", 0},
	{"no, and a code", func(b *comingBack) { b.q.Set("error", "access_denied") }, toAccounts, "without connecting", 0},
	{"an error nobody knows", func(b *comingBack) { b.q = url.Values{"state": b.q["state"], "error": {"tea_time"}} }, toAccounts, "for a reason that is new to us", 0},
	{"an error with markup", func(b *comingBack) {
		b.q = url.Values{"state": b.q["state"], "error": {"x"}, "error_description": {"<script>alert(1)</script>"}}
	}, toAccounts, "said: “<script>alert(1)</script>”", 0},
	{"a very long error", func(b *comingBack) {
		b.q = url.Values{"state": b.q["state"], "error": {"x"}, "error_description": {strings.Repeat("é", 4000)}}
	}, toAccounts, strings.Repeat("é", accounts.SaidRunes) + "…”", 0},
	{"an error without a state", func(b *comingBack) { b.q = url.Values{"error": {"x"}, "error_description": {"Call 555-0100"}} }, toAccounts, unknownSignIn, 0},

	// The issuer (rule A2)
	{"the issuer of this platform", func(b *comingBack) { b.q.Set("iss", b.st.sandboxURL+"/x") }, toChoice, "showed us one account", 1},
	{"another issuer", func(b *comingBack) { b.q.Set("iss", "https://evil.example") }, toAccounts, unknownSignIn, 0},
	{"an issuer that begins alike", func(b *comingBack) { b.q.Set("iss", b.st.sandboxURL+".evil.example") }, toAccounts, unknownSignIn, 0},
	{"no issuer at all", func(b *comingBack) { b.q.Set("iss", "%zz") }, toAccounts, unknownSignIn, 0},

	// The exchange
	{"the exchange fails on their side", answers(says(500, asJSON, `{"error":"x"}`), nil), toAccounts, nothing, 1},
	{"the exchange is cut off", answers(func(r *http.Request) *http.Response {
		a := says(200, asJSON, `{"access_token":"canary-cut`)(r)
		a.Body = io.NopCloser(io.MultiReader(a.Body, broken{}))
		return a
	}, nil), toAccounts, nothing, 1},
	{"the connection breaks", answers(func(*http.Request) *http.Response { return nil }, nil), toAccounts, nothing, 1},
	{"the exchange answers a page", answers(says(200, "text/html", "<h1>Hello</h1>"), nil), toAccounts, nothing, 1},
	{"the exchange calls a page JSON", answers(says(200, asJSON, "<h1>Hello</h1>"), nil), toAccounts, nothing, 1},
	{"the exchange answers nothing", answers(says(200, asJSON, ""), nil), toAccounts, nothing, 1},
	{"the exchange answers a list", answers(says(200, asJSON, `["canary-list"]`), nil), toAccounts, nothing, 1},
	{"an empty token", answers(says(200, asJSON, `{"access_token":"","refresh_token":"canary-refresh"}`), nil), toAccounts, nothing, 1},
	{"a token that is a number", answers(says(200, asJSON, `{"access_token":7}`), nil), toAccounts, nothing, 1},
	{"a huge answer", answers(says(200, asJSON, `{"access_token":"canary","x":"`+strings.Repeat("a", 2<<20)+`"}`), nil), toAccounts, nothing, 1},
	{"a redirect", answers(func(r *http.Request) *http.Response {
		a := says(307, asJSON, "")(r)
		a.Header.Set("Location", "https://evil.example/token")
		return a
	}, nil), toAccounts, nothing, 1},
	{"the code is too old", answers(says(400, asJSON, `{"error":"invalid_grant","error_description":"That code is stale"}`), nil), toAccounts, "said: “That code is stale” Nothing was changed", 1},
	{"the app is not known", answers(says(401, asJSON, `{"error":"invalid_client"}`), nil), toAccounts, nothing, 1},
	{"slow down", answers(says(429, asJSON, `{}`), nil), toAccounts, nothing, 1},
	{"fewer permissions", answers(says(200, asJSON, `{"access_token":"canary-t","token_type":"bearer","scope":"users.read tweet.read"}`), me), toChoice, "You can look at this account but not post as it", 1},
	{"permissions are not named", answers(says(200, asJSON, `{"access_token":"canary-t","token_type":"bearer"}`), me), toChoice, "can post", 1},
	{"a kind of token nobody knows: the list decides", answers(says(200, asJSON, `{"access_token":"canary-t","token_type":"mac"}`), me), toChoice, "can post", 1},
	{"the list does not take that kind", answers(says(200, asJSON, `{"access_token":"canary-t","token_type":"mac"}`), says(401, asJSON, `{}`)), toAccounts, nothing, 1},

	// The list of accounts
	{"the list fails", answers(nil, says(500, asJSON, `{}`)), toAccounts, nothing, 1},
	{"the list says the token is no good", answers(nil, says(401, asJSON, `{"title":"Unauthorized"}`)), toAccounts, nothing, 1},
	{"the list is a page", answers(nil, says(200, "text/html", "<h1>Hello</h1>")), toAccounts, nothing, 1},
	{"the list names nobody", answers(nil, says(200, asJSON, `{"data":{}}`)), toAccounts, nothing, 1},
	{"the list is empty", answers(nil, says(200, asJSON, `{}`)), toAccounts, nothing, 1},
}

var me = says(200, asJSON, `{"data":{"id":"2244994945","name":"Riverside FC","username":"riversidefc"}}`)

// answers lets a test speak for the platform.
func answers(token, list func(*http.Request) *http.Response) func(*comingBack) {
	return func(b *comingBack) { b.st.wire.token, b.st.wire.list = token, list }
}

// broken is the end of an answer that was cut off.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestComingBackFromAPlatform: every case ends in a redirect to a page of ours
// that says what happened (rule A6); nothing is saved but the choice between the
// accounts of a good sign-in (rule A3).
func TestComingBackFromAPlatform(t *testing.T) {
	t.Parallel()
	for _, tt := range callbacks {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			st := newStage(t)
			st.canaries = append(st.canaries, "canary")
			st.setUp("x")
			st.goLive()
			b := st.away(st.as(club.Publisher))
			if tt.change != nil {
				tt.change(b)
			}
			before := st.dump()
			a := b.with.get(b.path())
			if a.Header.Get("Referrer-Policy") != "no-referrer" || a.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("Referrer-Policy %q, Cache-Control %q", a.Header.Get("Referrer-Policy"), a.Header.Get("Cache-Control"))
			}
			if got := st.wire.codes.Load(); got != tt.exchanges {
				t.Errorf("%d codes were exchanged, want %d", got, tt.exchanges)
			}
			may := []string{"oauth_states", "members"} // when they were last seen
			if tt.to == toChoice {
				may = append(may, "oauth_choices")
			}
			if tt.name == "looking at another club meanwhile" {
				may = append(may, "members") // they are seen there for the first time
			}
			for _, table := range before.changed(st.dump()) {
				if !slices.Contains(may, table) {
					t.Errorf("coming back changed the table %s", table)
				}
			}
			if tt.to == "403" {
				a.want(http.StatusForbidden).says(tt.says)
				return
			}
			to := a.want(http.StatusSeeOther).Header.Get("Location")
			if to != tt.to && (tt.to != toChoice || !strings.HasPrefix(to, toChoice)) {
				t.Fatalf("leads to %s, want %s", to, tt.to)
			}
			if secret := b.q.Get("code"); secret != "" && strings.Contains(to+a.body, secret) {
				t.Error("the code goes further")
			}
			page := b.with.get(to).want(http.StatusOK).says(tt.says)
			if strings.Contains(page.body, "<script>alert") {
				t.Error("their text became part of the page")
			}
			if strings.Contains(page.text(), "canary") {
				t.Errorf("the page shows what the platform kept for us: %s", page.text())
			}
		})
	}
}

// TestOnlyAGetComesBack: other methods do nothing, and use nothing up.
func TestOnlyAGetComesBack(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.setUp("x")
	st.goLive()
	b := st.away(st.as(club.Publisher))
	before := st.dump()
	for _, method := range []string{http.MethodHead, http.MethodPost, http.MethodPut, http.MethodDelete} {
		if a := b.with.do(method, b.path(), nil, http.Header{"Sec-Fetch-Site": {"same-origin"}}); a.StatusCode != http.StatusMethodNotAllowed && a.StatusCode != http.StatusNotFound {
			t.Errorf("%s answered %d", a.what, a.StatusCode)
		}
	}
	if tables := before.changed(st.dump()); len(tables) > 0 || st.wire.codes.Load() != 0 {
		t.Errorf("something was done: %v", tables)
	}
	b.with.get(b.path()).want(http.StatusSeeOther)
	if st.wire.codes.Load() != 1 {
		t.Error("the sign-in was used up")
	}
}

// TestComingBackManyTimesAtOnce: one sign-in is carried out once.
func TestComingBackManyTimesAtOnce(t *testing.T) {
	t.Parallel()
	st := newStage(t)
	st.setUp("x")
	st.goLive()
	b := st.away(st.as(club.Publisher))
	var all sync.WaitGroup
	var choices atomic.Int64
	for range 12 {
		all.Go(func() {
			if strings.HasPrefix(b.with.get(b.path()).Header.Get("Location"), toChoice) {
				choices.Add(1)
			}
		})
	}
	all.Wait()
	if choices.Load() != 1 || st.wire.codes.Load() != 1 {
		t.Errorf("%d choices of %d exchanges, want one each", choices.Load(), st.wire.codes.Load())
	}
}
