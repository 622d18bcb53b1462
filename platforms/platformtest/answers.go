package platformtest

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// answerTokens are what a client holds when a foreign answer arrives: none of
// them may stand in an error.
var answerTokens = []string{"canary-access-token", "canary-refresh-token", "canary-app-value", "canary-code", "canary-verifier", "cana-ryap-pass-word"}

// FuzzAnswers lets a platform's client read answers that nobody expects, to each
// call of the contract. Whatever comes, a call ends with a result that makes
// sense or with an *platforms.Error that says what kind it is. The seeds are the
// lines of testdata/answers.txt: a status and a body, as the simulator sent them.
func FuzzAnswers(f *testing.F, build func(platforms.Env) platforms.Platform) {
	f.Helper()
	known, err := os.ReadFile("testdata/answers.txt")
	if err != nil {
		f.Fatal(err)
	}
	calls := len(new(answered).calls(nil))
	for line := range strings.Lines(string(known)) {
		status, body, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.Atoi(status)
		if err != nil {
			f.Fatalf("%q does not begin with a status", line)
		}
		for call := range calls {
			f.Add(call, n, "60", body, body)
		}
	}
	for _, odd := range []string{"", "null", "[]", "{}", `"x"`, "0", strings.Repeat("[", 10_000), `{"data":{"id":1e400}}`, "<html>", "{\"id\":\"\xff\"}"} {
		for call := range calls {
			f.Add(call, 200, "", odd, odd)
		}
	}
	f.Fuzz(func(t *testing.T, call, status int, header, first, then string) {
		if status < 100 || status > 999 {
			return // net/http lets none of these through
		}
		a := &answered{t: t, status: status, header: header, bodies: []string{first, then}}
		a.p = build(a.env(build))
		a.ctx = platforms.WatchLimits(t.Context(), a.limit)
		all := a.calls(a.p)
		all[(call%len(all)+len(all))%len(all)]()
	})
}

// answered is one platform client that gets the answers of one input.
type answered struct {
	t      *testing.T
	ctx    context.Context
	p      platforms.Platform
	status int
	header string
	bodies []string // the answer to the first request, and to all others
	n      int      // requests so far

	transport http.RoundTripper // answers instead, if it is not nil
	found     func(error)       // looks at errors instead, if it is not nil
}

var answerTime = time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)

func (a *answered) env(build func(platforms.Env) platforms.Platform) platforms.Env {
	var transport http.RoundTripper = a
	if a.transport != nil {
		transport = a.transport
	}
	e := platforms.Env{
		HTTP: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Now:  func() time.Time { return answerTime }, UserAgent: userAgent, Endpoints: map[string]string{},
	}
	for _, end := range build(platforms.Env{}).Info().Endpoints {
		e.Endpoints[end.Name] = "https://" + end.Name + ".platform.example"
	}
	return e
}

// mostRequests is more than any call of the contract makes: one that follows
// what an answer says for ever is found here.
const mostRequests = 110

// RoundTrip implements http.RoundTripper.
func (a *answered) RoundTrip(r *http.Request) (*http.Response, error) {
	if a.n++; a.n > mostRequests {
		a.t.Fatalf("%d requests for one call", a.n)
	}
	if q := seenAddress(r.URL); strings.Contains(q, "canary-access") || strings.Contains(q, "canary-refresh") {
		a.t.Errorf("a token stands in the address %s", q)
	}
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	body := a.bodies[min(a.n, len(a.bodies))-1]
	h := http.Header{"Content-Type": {"application/json"}}
	for _, name := range []string{"Retry-After", "X-Rate-Limit-Reset", "X-Rate-Limit-Remaining", "X-Restli-Id", "Ratelimit-Reset", "X-App-Usage", "X-Business-Use-Case-Usage"} {
		h.Set(name, strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(a.header))
	}
	return &http.Response{
		Status: strconv.Itoa(a.status), StatusCode: a.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: h, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}, nil
}

func (a *answered) app() platforms.App {
	app := platforms.App{}
	for _, f := range a.p.Info().AppFields {
		app[f.Key] = platforms.NewSecret("canary-app-value")
	}
	return app
}

func (a *answered) session() platforms.Session {
	info := a.p.Info()
	return platforms.Session{
		App: a.app(), Access: platforms.NewSecret("canary-access-token"), Media: onePicture{},
		Account: platforms.Account{Platform: info.ID, RemoteID: "1001", Name: "Riverside FC", Handle: "riversidefc", Host: "https://own.platform.example", Granted: info.Features},
	}
}

// The ids of a post that was published before, in two of the forms there are.
const (
	remoteID = "1001_2002"
	recordID = "at://did:plc:ewvi7nxzyoun6zhxrhs64oiz/app.bsky.feed.post/3kzzzzzzzz222"
)

// calls is every call of the contract. Those that a platform does not offer do
// nothing.
func (a *answered) calls(p platforms.Platform) []func() {
	refresh := platforms.NewSecret("canary-refresh-token")
	return []func(){
		func() { a.account(p.Check(a.ctx, a.session())) },
		func() {
			if p, ok := p.(platforms.OAuthSignIn); ok {
				grant, err := p.Exchange(a.ctx, platforms.ExchangeRequest{App: a.app(), RedirectURL: "https://club.example/back", Code: "canary-code", Verifier: "canary-verifier"})
				if a.err(err); err == nil && grant.Tokens.Access.IsZero() {
					a.t.Error("an exchange that gave no token is taken for one")
				}
			}
		},
		func() {
			if p, ok := p.(platforms.OAuthSignIn); ok {
				all, err := p.Accounts(a.ctx, a.app(), platforms.Grant{Tokens: platforms.Tokens{Access: platforms.NewSecret("canary-access-token"), Refresh: refresh}})
				a.err(err)
				for _, one := range all {
					a.account(one, nil)
				}
			}
		},
		func() {
			if p, ok := p.(platforms.PasswordSignIn); ok {
				a.account(p.SignIn(a.ctx, map[string]string{"handle": "riversidefc.test", "password": "cana-ryap-pass-word"}))
			}
		},
		func() {
			if p, ok := p.(platforms.Renewer); ok {
				tokens, err := p.Renew(a.ctx, a.app(), a.session().Account, refresh)
				if a.err(err); err == nil && tokens.Access.IsZero() {
					a.t.Error("a renewal that gave no token is taken for one")
				}
			}
		},
		func() {
			if p, ok := p.(platforms.Revoker); ok {
				s := a.session()
				a.err(p.Revoke(a.ctx, s.App, s.Account, platforms.Tokens{Access: s.Access, Refresh: refresh}))
			}
		},
		func() { a.publish(platforms.Draft{Text: "Trials"}) },
		func() {
			a.publish(platforms.Draft{Text: "Trials", Link: &platforms.Link{URL: "https://club.example/trials", Title: "Trials"}})
		},
		func() {
			m := platforms.Media{ID: "picture", Name: "a.png", Type: "image/png", Width: 8, Height: 8, Bytes: int64(len(smallPicture)), Alt: "A net"}
			a.publish(platforms.Draft{Text: "Trials", Media: []platforms.Media{m, m}})
		},
		func() {
			a.settle(p.Settle(a.ctx, a.session(), a.publication(platforms.Draft{Text: "Trials"}), nil, answerTime))
		},
		func() { a.publishPart(remoteID) },
		func() { a.publishPart(recordID) },
		func() {
			if a.takesParts() {
				a.settle(p.Settle(a.ctx, a.session(), a.part(remoteID), nil, answerTime))
			}
		},
		func() {
			if p, ok := p.(platforms.NumbersReader); ok {
				a.numbers(p.PostNumbers(a.ctx, a.session(), remoteID))
			}
		},
		func() {
			if p, ok := p.(platforms.PostsNumbersReader); ok {
				said, err := p.PostsNumbers(a.ctx, a.session(), []string{remoteID, remoteID + "1"})
				a.err(err)
				for _, r := range said {
					a.numbers(r.Numbers, r.Err)
				}
			}
		},
		func() {
			if p, ok := p.(platforms.AccountNumbersReader); ok {
				a.numbers(p.AccountNumbers(a.ctx, a.session()))
			}
		},
		func() {
			if p, ok := p.(platforms.Linker); ok {
				_, err := p.Permalink(a.ctx, a.session(), remoteID)
				a.err(err)
			}
		},
		func() {
			if p, ok := p.(platforms.PasswordSignIn); ok { // with what needs no look-up
				a.account(p.SignIn(a.ctx, map[string]string{"handle": "did:plc:ewvi7nxzyoun6zhxrhs64oiz", "password": "cana-ryap-pass-word"}))
			}
		},
	}
}

func (a *answered) publication(d platforms.Draft) platforms.Publication {
	return platforms.Publication{Draft: d, Key: strings.Repeat("5e", 16), CreatedAt: answerTime}
}

func (a *answered) takesParts() bool {
	return a.p.Rules(platforms.Account{}).Usual().Parts.Most() > 1
}

// part is what follows a post of which only the id is known.
func (a *answered) part(id string) platforms.Publication {
	pub := a.publication(platforms.Draft{Text: "Bring boots"})
	post := platforms.Ref{ID: id}
	pub.Reply = &platforms.ReplyTo{Root: post, Parent: post}
	return pub
}

func (a *answered) publishPart(id string) {
	if a.takesParts() {
		a.publishAll(a.part(id))
	}
}

func (a *answered) settle(e platforms.Evidence, err error) {
	if a.err(err); err == nil && e.Verdict == platforms.SeenPublic && e.Proof == "" {
		a.t.Errorf("seen public without a proof: %+v", e)
	}
}

func (a *answered) publish(d platforms.Draft) { a.publishAll(a.publication(d)) }

// publishAll performs the steps of a publication until one fails.
func (a *answered) publishAll(pub platforms.Publication) {
	var done []platforms.StepResult
	for range 20 {
		step := a.p.Plan(pub, done)
		if step.Kind == "" {
			return
		}
		result, err := a.p.Perform(a.ctx, a.session(), pub, done, step)
		if a.err(err); err != nil || result.State != platforms.StepDone {
			return
		}
		if step.Irreversible {
			if result.RemoteID == "" {
				a.t.Errorf("step %s is done and left no id: %+v", step.Kind, result)
			}
			return
		}
		done = append(done, result)
	}
	a.t.Error("20 steps and no end")
}

func (a *answered) account(one platforms.Account, err error) {
	if a.err(err); err == nil && one.RemoteID == "" {
		a.t.Errorf("an account without an id: %+v", one)
	}
}

func (a *answered) numbers(n platforms.Numbers, err error) {
	a.err(err)
	for name, v := range n.Values {
		if v < 0 {
			a.t.Errorf("%d %s", v, name)
		}
	}
}

func (a *answered) limit(l platforms.Limit) {
	if l.Name == "" || l.Left < 0 || l.Max < 0 || l.Ends.Year() > 4000 {
		a.t.Errorf("believed the limit %+v", l)
	}
}

// err looks at what a call ended with.
func (a *answered) err(err error) {
	switch {
	case err == nil:
		return
	case a.found != nil:
		a.found(err)
		return
	}
	e, ok := errors.AsType[*platforms.Error](err)
	switch {
	case !ok:
		a.t.Errorf("an error without a kind: %v", err)
	case e.Kind == "" || e.Code == "" || len([]rune(e.PlatformText)) > 300 || e.RetryAt.Year() > 4000:
		a.t.Errorf("a poor error: %+v", e)
	}
	for _, s := range answerTokens {
		if said := string(everything(err)); strings.Contains(said, s) {
			a.t.Errorf("%s stands in an error: %s", s, said)
		}
	}
}

// onePicture is a picture that is always there.
type onePicture struct{}

var smallPicture = func() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		panic(err)
	}
	return b.Bytes()
}()

// Open implements platforms.MediaSource.
func (onePicture) Open(context.Context, string) (platforms.MediaFile, error) {
	f := File(smallPicture, "image/png")
	f.Width, f.Height = 8, 8
	return f, nil
}

// PublicURL implements platforms.MediaSource.
func (onePicture) PublicURL(context.Context, string) (string, error) {
	return "https://club.example/m/picture", nil
}
