package faults

import (
	"bytes"
	"database/sql"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

// gate stands between a platform and its simulator. It refuses one call, changes
// the headers of others, and notes when each was made.
type gate struct {
	next http.RoundTripper
	now  func() time.Time

	mu      sync.Mutex
	after   int         // calls until the next refusal
	style   *limitStyle // of that refusal; nil: none
	shut    time.Time   // until when the platform wants no calls
	of      limited
	waits   bool      // nobody has called since it was shut
	rests   time.Time // until when it rests with its platform app, which another account was refused for
	refused int
	early   []string
	late    []string                     // calls that came long after it was open again
	refuses func(*limitStyle, time.Time) // is told of each refusal, and until when it is
	dress   func(*http.Request, http.Header)
}

// gateBefore makes a platform that speaks to the simulator of a world through a
// gate.
func gateBefore(w *platformtest.World) (platforms.Platform, *gate) {
	transport := &http.Transport{DisableKeepAlives: true}
	w.Cleanup(transport.CloseIdleConnections)
	g := &gate{next: transport, now: w.Clock.Now}
	endpoints := map[string]string{}
	for _, e := range w.Platform.Info().Endpoints {
		endpoints[e.Name] = w.URL + e.Sandbox
	}
	return w.Suite.New(platforms.Env{
		HTTP:      &http.Client{Transport: g, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		Endpoints: endpoints, UserAgent: "Bandstand/test", Now: w.Clock.Now,
	}), g
}

// counts tells whether a call is one that the limits count. Renewing a sign-in,
// looking at pictures and asking for the time count elsewhere.
func counts(r *http.Request) bool {
	return r.Method != http.MethodHead && !strings.Contains(r.URL.Path, "oauth") && !strings.Contains(r.URL.Path, "refreshSession")
}

// publishes tells whether a call of Meta's makes something public.
func publishes(r *http.Request) bool {
	return strings.HasSuffix(r.URL.Path, "/feed") || strings.HasSuffix(r.URL.Path, "/media_publish")
}

// RoundTrip implements http.RoundTripper.
func (g *gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if !counts(r) {
		return g.next.RoundTrip(r)
	}
	if style := g.judge(r); style != nil {
		return g.refusal(r, style), nil
	}
	resp, err := g.next.RoundTrip(r)
	if err == nil && g.dress != nil {
		g.dress(r, resp.Header)
	}
	return resp, err
}

// overdue is how long after its end a limit may still be waited for: the two
// minutes over which calls are spread, and a step of the
// clock.
const overdue = 2*time.Minute + time.Second

// judge notes a call, and says how it is to be refused; nil: it is not.
func (g *gate) judge(r *http.Request) *limitStyle {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	switch since := now.Sub(g.shut); {
	case since < 0 && g.of == posts && strings.HasSuffix(r.URL.Path, "/content_publishing_limit"):
		return nil
	case since < 0:
		g.early = append(g.early, fmt.Sprintf("%s %s at %s, %s before the end", r.Method, r.URL.Path, now.Format(time.TimeOnly), -since))
	case g.waits && min(since, now.Sub(g.rests)) > overdue:
		g.late = append(g.late, fmt.Sprintf("%s %s at %s, %s after the end", r.Method, r.URL.Path, now.Format(time.TimeOnly), since))
	}
	g.waits = false
	style := g.style
	if style == nil || style.of == safeCalls && publishes(r) || style.of == publishCalls && !publishes(r) {
		return nil
	}
	if g.after > 0 {
		g.after--
		return nil
	}
	g.style, g.of = nil, style.of
	g.refused++
	return style
}

func (g *gate) refusal(r *http.Request, style *limitStyle) *http.Response {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	now := g.now()
	h, until := style.header(now)
	if until.IsZero() {
		until = now.Add(time.Hour)
	}
	g.close(until)
	if g.refuses != nil {
		g.refuses(style, until)
	}
	resp := &http.Response{
		StatusCode: style.status, Status: strconv.Itoa(style.status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader([]byte(style.body))), Request: r,
	}
	for k, v := range h {
		resp.Header.Set(k, v)
	}
	return resp
}

func (g *gate) close(until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut, g.waits = until, true
}

// refuse lets the call after so many others be refused.
func (g *gate) refuse(s *limitStyle, after int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.style, g.after = s, after
}

// wrong is what came too early, and what came too late.
func (g *gate) wrong() (early, late []string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.early, g.late
}

// gated is a stage whose platform speaks through a gate; ready prepares that,
// because the engine calls as soon as it starts.
func gated(t *testing.T, newPlatform func(platforms.Env) platforms.Platform, ready ...func(*gate)) (*stage, *gate) {
	t.Helper()
	s := newStage(t, newPlatform)
	p, g := gateBefore(s.world)
	for _, prepare := range ready {
		prepare(g)
	}
	registry := platforms.NewRegistry(p)
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
		var next sql.NullInt64
		if err := s.db.Reader().QueryRowContext(s.T.Context(), `SELECT min(next_at) FROM deliveries`).Scan(&next); err != nil {
			s.Fatal(err)
		}
		if !next.Valid {
			return
		}
		s.world.Clock.Advance(max(time.UnixMilli(next.Int64).Sub(s.world.Clock.Now()), time.Second))
	}
	s.Fatal("not settled after a thousand moments")
}

// TestNearALimitCallsWait: what a good answer says of the end of a limit is heard
// before the platform has to refuse, and shown.
func TestNearALimitCallsWait(t *testing.T) {
	t.Parallel()
	for _, newPlatform := range e2ekit.Catalogue().Platforms {
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
				if early, _ := g.wrong(); len(early) > 0 {
					t.Errorf("early calls: %q", early)
				}
				if ended := s.delivery(second).PublishedAt; !tt.near && ended.Sub(began) > 5*time.Minute {
					t.Errorf("waited until %s for nothing", ended)
				}
			})
		}
	}
}

// TestALimitThatProvesNothingIsWaitedFor: where a refusal of the publishing call
// leaves open what became of the post, nobody calls to find that out before the
// limit ends, and no try is used up on it.
func TestALimitThatProvesNothingIsWaitedFor(t *testing.T) {
	t.Parallel()
	tried := 0
	for _, newPlatform := range e2ekit.Catalogue().Platforms {
		info := newPlatform(platforms.Env{}).Info()
		for _, style := range limitStyles[info.ID] {
			if style.of != safeCalls {
				continue
			}
			tried++
			t.Run(string(info.ID)+" "+style.name, func(t *testing.T) {
				t.Parallel()
				s, g := gated(t, newPlatform)
				style.of = publishCalls
				g.refuse(&style, 0)
				post := s.schedule("Match day")
				s.sleepThrough()
				d := s.delivery(post)
				// It is not public. Where a repeated call is the same call, it is made;
				// elsewhere a person is asked.
				if asked := d.Status == club.NeedsAttention && d.Phase == club.Ambiguous; g.refused != 1 || !asked && d.Status != club.Published {
					t.Errorf("ended as %s/%s after %d refusals:\n%s", d.Status, d.Phase, g.refused, s.story(post))
				}
				s.honest(d)
				if early, late := g.wrong(); len(early)+len(late) > 0 {
					t.Errorf("early calls: %q, late ones: %q", early, late)
				}
			})
		}
	}
	if tried == 0 {
		t.Error("no platform refuses so")
	}
}

// TestNearAQuotaOfPostsTheyWait: what no other answer speaks of is asked for, and
// heard before the platform has to refuse.
func TestNearAQuotaOfPostsTheyWait(t *testing.T) {
	t.Parallel()
	const quota = "/content_publishing_limit"
	tried := 0
	for _, newPlatform := range e2ekit.Catalogue().Platforms {
		if _, ok := newPlatform(platforms.Env{}).(platforms.LimitsReader); !ok {
			continue
		}
		tried++
		used := `98`
		s, g := gated(t, newPlatform, func(g *gate) {
			next := g.next
			g.next = answers(func(r *http.Request) (*http.Response, error) {
				resp, err := next.RoundTrip(r)
				if err == nil && strings.HasSuffix(r.URL.Path, quota) {
					_ = resp.Body.Close()
					resp.Body = io.NopCloser(strings.NewReader(`{"data":[{"quota_usage":` + used + `,"config":{"quota_total":100,"quota_duration":86400}}]}`))
					resp.ContentLength = -1
				}
				return resp, err
			})
		})
		if _, err := s.signIn.Check(t.Context(), s.conn); err != nil {
			t.Fatal(err)
		}
		used = `40` // yesterday's posts drop out meanwhile
		looked := s.world.Clock.Now()
		g.mu.Lock()
		g.of = posts
		g.mu.Unlock()
		g.close(looked.Add(time.Hour))
		post := s.schedule("Match day")
		s.sleepThrough()
		d := s.delivery(post)
		if d.Status != club.Published || d.RateWaits != 0 || d.PublishedAt.Sub(looked) < time.Hour {
			t.Errorf("ended as %s/%s after %d refusals, %s after the look:\n%s", d.Status, d.Phase, d.RateWaits, d.PublishedAt.Sub(looked), s.story(post))
		}
		if early, _ := g.wrong(); len(early) > 0 {
			t.Errorf("early calls: %q", early)
		}
	}
	if tried == 0 {
		t.Error("no platform has such a quota")
	}
}

// answers is a transport that is a function.
type answers func(*http.Request) (*http.Response, error)

func (f answers) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
