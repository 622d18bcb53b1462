package main

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// refusals429 is how many refusals each platform gives in the short form of
// T-RATE; all styles come in turn.
const refusals429 = 40

// limitStyle is one way in which a platform says that it wants no more calls.
type limitStyle struct {
	name   string
	status int
	body   string
	header func(now time.Time) (header map[string]string, until time.Time) // until: zero if it does not say
}

func bare(time.Time) (map[string]string, time.Time) { return nil, time.Time{} }

// inEpoch, inSeconds, inDate and inMinutes write the time until which to wait.
func inEpoch(name string, also ...string) func(time.Time) (map[string]string, time.Time) {
	return func(now time.Time) (map[string]string, time.Time) {
		until := now.Add(15 * time.Minute).Truncate(time.Second)
		h := map[string]string{name: strconv.FormatInt(until.Unix(), 10)}
		for i := 0; i+1 < len(also); i += 2 {
			h[also[i]] = also[i+1]
		}
		return h, until
	}
}

func inSeconds(now time.Time) (map[string]string, time.Time) {
	return map[string]string{"Retry-After": "5400"}, now.Add(90 * time.Minute)
}

func inDate(now time.Time) (map[string]string, time.Time) {
	until := now.Add(40 * time.Minute).Truncate(time.Second)
	return map[string]string{"Retry-After": until.UTC().Format(http.TimeFormat)}, until
}

func inMinutes(kind string) func(time.Time) (map[string]string, time.Time) {
	return func(now time.Time) (map[string]string, time.Time) {
		return map[string]string{
			"X-Business-Use-Case-Usage": `{"1001":[{"type":"` + kind + `","call_count":100,"estimated_time_to_regain_access":17}]}`,
		}, now.Add(17 * time.Minute)
	}
}

func midnight(now time.Time) (map[string]string, time.Time) {
	y, m, d := now.UTC().Date()
	return nil, time.Date(y, m, d+1, 0, 0, 0, 0, time.UTC)
}

func metaBody(code, sub int) string {
	return fmt.Sprintf(`{"error":{"message":"Too many calls","type":"OAuthException","code":%d,"error_subcode":%d,"fbtrace_id":"A"}}`, code, sub)
}

const (
	xBody  = `{"title":"Too Many Requests","detail":"Too Many Requests","type":"about:blank","status":429}`
	xDaily = `{"title":"UsageCapExceeded","detail":"Usage cap exceeded: Daily post cap","type":"https://api.twitter.com/2/problems/usage-capped","period":"Daily","scope":"Account"}`
	liBody = `{"message":"Resource level throttle APPLICATION DAY limit for calls to this resource is reached.","serviceErrorCode":101,"code":"TOO_MANY_REQUESTS","status":429}`
	bsBody = `{"error":"RateLimitExceeded","message":"Rate Limit Exceeded"}`
)

// limitStyles are those of the reference pages, by platform.
var limitStyles = map[platforms.ID][]limitStyle{
	"x": {
		{"the window", 429, xBody, inEpoch("x-rate-limit-reset", "x-rate-limit-remaining", "0", "x-rate-limit-limit", "100")},
		{"a person's day", 429, xBody, inEpoch("x-user-limit-24hour-reset", "x-user-limit-24hour-remaining", "0")},
		{"the app's day", 429, xBody, inEpoch("x-app-limit-24hour-reset", "x-app-limit-24hour-remaining", "0")},
		{"the plan's day", 429, xDaily, midnight},
		{"seconds", 429, xBody, inSeconds},
		{"a date", 429, xBody, inDate},
		{"out of credit", 402, `{"title":"CreditsDepleted","detail":"No credits are left","type":"https://api.twitter.com/2/problems/credits"}`, bare},
		{"nothing more", 429, xBody, bare},
	},
	"linkedin": {
		{"the day", 429, liBody, midnight},
		{"seconds", 429, liBody, inSeconds},
		{"a date", 429, liBody, inDate},
	},
	"bluesky": {
		{"the window", 429, bsBody, inEpoch("RateLimit-Reset", "RateLimit-Remaining", "0", "RateLimit-Policy", "5000;w=3600")},
		{"seconds", 429, bsBody, inSeconds},
		{"a date", 429, bsBody, inDate},
		{"nothing more", 429, bsBody, bare},
	},
	"facebook": {
		{"the Page", 400, metaBody(80001, 2446079), inMinutes("pages")},
		{"seconds", 400, metaBody(80001, 0), inSeconds},
		{"nothing more", 400, metaBody(80001, 0), bare},
		{"with 403", 403, metaBody(80001, 0), inMinutes("pages")},
	},
	"instagram": {
		{"the account", 400, metaBody(80002, 0), inMinutes("instagram")},
		{"posts of the day", 400, metaBody(9, 2207042), bare},
		{"a date", 400, metaBody(80002, 0), inDate},
		{"nothing more", 400, metaBody(80002, 0), bare},
	},
}

// gate stands between a platform and its simulator. It refuses one call, changes
// the headers of others, and notes when each was made.
type gate struct {
	next  http.RoundTripper
	now   func() time.Time
	clean func(*http.Request) bool // calls that are let through and not counted

	mu     sync.Mutex
	after  int         // calls until the next refusal; negative: none
	style  *limitStyle // of that refusal
	shut   time.Time   // until when the platform wants no calls
	early  []string
	dress  func(*http.Request, http.Header)
	called int
}

// RoundTrip implements http.RoundTripper.
func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if g.clean(r) {
		return g.next.RoundTrip(r)
	}
	g.mu.Lock()
	now := g.now()
	g.called++
	if now.Before(g.shut) {
		g.early = append(g.early, fmt.Sprintf("%s %s at %s, %s before the end", r.Method, r.URL.Path, now.Format(time.TimeOnly), g.shut.Sub(now)))
	}
	style, dress := g.style, g.dress
	refuse := style != nil && g.after == 0
	g.after--
	if refuse {
		g.style = nil
	}
	g.mu.Unlock()
	if !refuse {
		resp, err := g.next.RoundTrip(r)
		if err == nil && dress != nil {
			dress(r, resp.Header)
		}
		return resp, err
	}
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	h, until := style.header(now)
	if until.IsZero() {
		until = now.Add(time.Hour)
	}
	g.close(until)
	resp := &http.Response{
		StatusCode: style.status, Status: strconv.Itoa(style.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader([]byte(style.body))), Request: r,
	}
	for k, v := range h {
		resp.Header.Set(k, v)
	}
	return resp, nil
}

func (g *gate) close(until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = until
}

// refuse lets the call after so many others be refused.
func (g *gate) refuse(s *limitStyle, after int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.style, g.after = s, after
}

func (g *gate) tooEarly() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.early
}

// gated is a stage whose platform speaks through a gate.
func gated(t *testing.T, newPlatform func(platforms.Env) platforms.Platform) (*stage, *gate) {
	t.Helper()
	s := newStage(t, newPlatform)
	transport := &http.Transport{DisableKeepAlives: true}
	t.Cleanup(transport.CloseIdleConnections)
	g := &gate{next: transport, now: s.world.Clock.Now, after: -1, clean: func(r *http.Request) bool {
		// Renewing a sign-in, looking at pictures and asking for the time count elsewhere.
		return r.Method == http.MethodHead || strings.Contains(r.URL.Path, "oauth") || strings.Contains(r.URL.Path, "refreshSession")
	}}
	endpoints := map[string]string{}
	for _, e := range s.world.Platform.Info().Endpoints {
		endpoints[e.Name] = s.world.URL + e.Sandbox
	}
	registry := platforms.NewRegistry(newPlatform(platforms.Env{
		HTTP:      &http.Client{Transport: g, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Endpoints: endpoints, UserAgent: "Bandstand/test", Now: s.world.Clock.Now,
	}))
	s.config.Platforms = func(int64, bool) *platforms.Registry { return registry }
	s.club.Exec(`UPDATE clubs SET late_minutes = 1440`)
	s.start()
	return s, g
}

// sleepThrough goes from one moment at which something is due to the next.
func (s *stage) sleepThrough() {
	s.Helper()
	for range 1000 {
		s.engine.RunDue(s.T.Context())
		var next *int64
		if err := s.db.Reader().QueryRowContext(s.T.Context(), `SELECT min(next_at) FROM deliveries`).Scan(&next); err != nil {
			s.Fatal(err)
		}
		if next == nil {
			return
		}
		if wait := time.UnixMilli(*next).Sub(s.world.Clock.Now()); wait > 0 {
			s.world.Clock.Advance(wait)
		} else {
			s.world.Clock.Advance(time.Second)
		}
	}
	s.Fatal("not settled after a thousand moments")
}

// TestRateLimits (T-RATE): whatever the platform's way of saying so, no call is
// made before the time it names, or for an hour where it names none, and the post
// then goes out once.
func TestRateLimits(t *testing.T) {
	t.Parallel()
	for _, newPlatform := range constructors {
		id := newPlatform(platforms.Env{}).Info().ID
		t.Run(string(id), func(t *testing.T) {
			t.Parallel()
			s, g := gated(t, newPlatform)
			styles := limitStyles[id]
			if len(styles) == 0 {
				t.Fatal("nobody has written down how this platform refuses calls")
			}
			random := rand.New(rand.NewPCG(1, 2))
			for n := range refusals429 {
				style := styles[n%len(styles)]
				g.refuse(&style, random.IntN(2))
				before := len(g.tooEarly())
				post := s.schedule(fmt.Sprintf("Match day %d", n))
				s.sleepThrough()
				d := s.delivery(post)
				if d.Status != club.Published || d.RateWaits != 1 {
					t.Fatalf("%s: ended as %s/%s (%s) after %d waits:\n%s", style.name, d.Status, d.Phase, d.Code, d.RateWaits, s.story(post))
				}
				if early := g.tooEarly(); len(early) > before {
					t.Errorf("%s: early calls: %q\n%s", style.name, early[before:], s.story(post))
				}
			}
			if got := len(s.world.Public()); got != refusals429 {
				t.Errorf("%d posts are public, want %d", got, refusals429)
			}
		})
	}
}

// TestNearALimitCallsWait: what a good answer says of the end of a limit is heard
// before the platform has to refuse, and shown.
func TestNearALimitCallsWait(t *testing.T) {
	t.Parallel()
	for _, newPlatform := range constructors {
		id := newPlatform(platforms.Env{}).Info().ID
		for _, tt := range nearStyles[id] {
			t.Run(string(id)+" "+tt.name, func(t *testing.T) {
				t.Parallel()
				s, g := gated(t, newPlatform)
				var until time.Time
				g.dress = func(r *http.Request, h http.Header) {
					for _, name := range []string{"X-App-Usage", "X-Business-Use-Case-Usage"} {
						h.Del(name)
					}
					if !until.IsZero() || r.Method != http.MethodPost {
						return
					}
					now := s.world.Clock.Now()
					set, end := tt.header(now)
					for k, v := range set {
						h.Set(k, v)
					}
					if until = end; until.IsZero() {
						until = now.Add(time.Hour)
					}
					if tt.near {
						g.close(until)
					}
				}
				began := s.world.Clock.Now()
				post := s.schedule("Match day")
				s.sleepThrough()
				if d := s.delivery(post); d.Status != club.Published || d.RateWaits != 0 || len(s.world.Public()) != 1 {
					t.Errorf("ended as %s/%s after %d refusals, %d public", d.Status, d.Phase, d.RateWaits, len(s.world.Public()))
				}
				second := s.schedule("Result")
				s.sleepThrough()
				if d := s.delivery(second); d.Status != club.Published || d.RateWaits != 0 {
					t.Errorf("the second ended as %s/%s after %d refusals:\n%s", d.Status, d.Phase, d.RateWaits, s.story(second))
				}
				if early := g.tooEarly(); len(early) > 0 {
					t.Errorf("early calls: %q", early)
				}
				if ended := s.delivery(second).PublishedAt; !tt.near && ended.Sub(began) > 5*time.Minute {
					t.Errorf("waited until %s for nothing", ended)
				}
			})
		}
	}
}

type nearStyle struct {
	name   string
	near   bool
	header func(now time.Time) (map[string]string, time.Time)
}

// nearStyles are answers that end a limit, or nearly do.
var nearStyles = map[platforms.ID][]nearStyle{
	"x": {
		{"two left", true, inEpoch("x-rate-limit-reset", "x-rate-limit-remaining", "2", "x-rate-limit-limit", "100")},
		{"three left", false, inEpoch("x-rate-limit-reset", "x-rate-limit-remaining", "3", "x-rate-limit-limit", "100")},
		{"two left today", true, inEpoch("x-user-limit-24hour-reset", "x-user-limit-24hour-remaining", "2", "x-user-limit-24hour-limit", "17")},
	},
	"bluesky": {
		{"two points left", true, inEpoch("RateLimit-Reset", "RateLimit-Remaining", "2", "RateLimit-Policy", "5000;w=3600")},
		{"two requests left", true, inEpoch("RateLimit-Reset", "RateLimit-Remaining", "2", "RateLimit-Policy", "3000;w=300")},
		{"thirty points left", false, inEpoch("RateLimit-Reset", "RateLimit-Remaining", "30", "RateLimit-Policy", "5000;w=3600")},
	},
	"facebook": {
		{"90 % of the app", true, usage("X-App-Usage", `{"call_count":3,"total_time":90,"total_cputime":25}`)},
		{"89 % of the app", false, usage("X-App-Usage", `{"call_count":89,"total_time":25,"total_cputime":25}`)},
		{"all of the Page, with its end", true, inMinutes("pages")},
	},
	"instagram": {
		{"97 % of the account", true, usage("X-Business-Use-Case-Usage", `{"1":[{"type":"instagram","call_count":97}]}`)},
		{"all of it, with its end", true, inMinutes("instagram")},
	},
}

func usage(name, value string) func(time.Time) (map[string]string, time.Time) {
	return func(time.Time) (map[string]string, time.Time) { return map[string]string{name: value}, time.Time{} }
}
