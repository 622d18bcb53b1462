package graph

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

var app = platforms.App{clientID: platforms.NewSecret("123"), clientSecret: platforms.NewSecret("bandstand-test-secret")}

func TestProofMatchesTheVector(t *testing.T) {
	t.Parallel()
	const want = "b45b59986ef7c9e036702c4e6b41cd3b0900375de2c1bcc4b072828b5a9fcb15"
	if got := Proof(app, platforms.NewSecret("EAATESTTOKEN")); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	for name, p := range map[string]string{
		"app token": Proof(app, platforms.NewSecret("123|secret")), "no token": Proof(app, platforms.Secret{}),
		"no secret": Proof(platforms.App{}, platforms.NewSecret("EAATESTTOKEN")),
	} {
		if p != "" {
			t.Errorf("%s: got %s, want nothing", name, p)
		}
	}
}

func TestTheVersionInUseLives(t *testing.T) {
	t.Parallel()
	if got := Served(Version, CheckedOn); got != Version {
		t.Errorf("%s is served as %s", Version, got)
	}
	for i := 1; i < len(Versions); i++ {
		if !Versions[i].From.Before(Versions[i-1].From) {
			t.Errorf("%s is not older than %s", Versions[i].Version, Versions[i-1].Version)
		}
	}
}

func TestTheVersionOfTheSettingIsSpoken(t *testing.T) {
	t.Parallel()
	var path string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { path = r.URL.Path }))
	t.Cleanup(server.Close)
	c := New(platforms.Env{
		HTTP: server.Client(), Now: time.Now, Version: "v25.0",
		Endpoints: map[string]string{"graph": server.URL, "dialog": "https://www.example"},
	}, "parrot", nil)
	_, _ = c.Do(t.Context(), Call{Op: OpRead, Path: "me"}, nil)
	address, err := c.AuthURL(platforms.AuthRequest{App: app})
	if path != "/v25.0/me" || err != nil || !strings.HasPrefix(address, "https://www.example/v25.0/dialog/oauth?") {
		t.Errorf("called %s, and signs in at %s, %v", path, address, err)
	}
	if api := c.API(); api.Version != "v25.0" || !api.Ends().Equal(day(2028, 7, 29)) {
		t.Errorf("tells %q until %v", api.Version, api.Ends())
	}
}

func TestEndedVersionsAreServedAsTheOldestLiving(t *testing.T) {
	t.Parallel()
	for v, want := range map[string]string{"v26.0": "v26.0", "v24.0": "v24.0", "v18.0": "v21.0", "v3.2": "v21.0"} {
		if got := Served(v, now); got != want {
			t.Errorf("%s: got %s, want %s", v, got, want)
		}
	}
	if got := Served("v18.0", now.AddDate(10, 0, 0)); got != Version {
		t.Errorf("in ten years: got %s, want %s", got, Version)
	}
}

func TestAuthURLAsksForEverythingAtOnce(t *testing.T) {
	t.Parallel()
	c := New(platforms.Env{Endpoints: map[string]string{"dialog": "https://www.example"}}, "parrot", nil)
	got, err := c.AuthURL(platforms.AuthRequest{App: app, RedirectURL: "https://club.example/cb?x=1", State: "s&t", Again: true})
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"client_id": {"123"}, "redirect_uri": {"https://club.example/cb?x=1"}, "state": {"s&t"}, "response_type": {"code"},
		"scope": {strings.Join(Scopes, ",")}, "auth_type": {"rerequest"},
	}
	if diff := cmp.Diff(want, u.Query()); diff != "" || u.Host != "www.example" || u.Path != "/v26.0/dialog/oauth" {
		t.Errorf("address %s (-want +got):\n%s", got, diff)
	}
	if strings.Contains(got, "bandstand-test-secret") {
		t.Errorf("the app secret stands in %s", got)
	}
}

func TestAuthURLWithoutAppIsRefused(t *testing.T) {
	t.Parallel()
	c := New(platforms.Env{}, "parrot", nil)
	for _, a := range []platforms.App{nil, {clientID: platforms.NewSecret("1")}, {clientSecret: platforms.NewSecret("1")}} {
		_, err := c.AuthURL(platforms.AuthRequest{App: a})
		if e, ok := errors.AsType[*platforms.Error](err); !ok || e.Code != platforms.CodePlatformAppInvalid {
			t.Errorf("got %v", err)
		}
	}
}

func TestAllowed(t *testing.T) {
	t.Parallel()
	needs := []Need{
		{platforms.FeaturePost, "pages_manage_posts"},
		{platforms.FeaturePost, "pages_read_engagement"},
		{platforms.FeatureNumbers, "read_insights"},
	}
	all := []string{"pages_manage_posts", "pages_read_engagement", "read_insights"}
	targets := func(scope string, ids ...string) Debug {
		d := Debug{Scopes: all, asked: now}
		d.Granular = append(d.Granular, struct {
			Scope   string   `json:"scope"`
			Targets []string `json:"target_ids"`
		}{scope, ids})
		return d
	}
	for _, tc := range []struct {
		name    string
		debug   Debug
		granted []platforms.Feature
		missing []platforms.MissingPermission
	}{
		{"everything", Debug{Scopes: all, asked: now}, []platforms.Feature{"post", "numbers"}, nil},
		{
			"one permission short",
			Debug{Scopes: all[:1], asked: now},
			nil,
			[]platforms.MissingPermission{{Feature: "post", Permission: "pages_read_engagement"}, {Feature: "numbers", Permission: "read_insights"}},
		},
		{"for this Page", targets("pages_manage_posts", "1", "2"), []platforms.Feature{"post", "numbers"}, nil},
		{"for every Page", targets("pages_manage_posts"), []platforms.Feature{"post", "numbers"}, nil},
		{
			"for another Page only", targets("pages_manage_posts", "2"),
			[]platforms.Feature{"numbers"},
			[]platforms.MissingPermission{{Feature: "post", Permission: "pages_manage_posts"}},
		},
		{
			"data access over",
			Debug{Scopes: all, asked: now, DataAccessEnds: now.Unix() - 1},
			[]platforms.Feature{"post"},
			[]platforms.MissingPermission{{Feature: "numbers", Permission: "data access"}},
		},
		{"data access not over", Debug{Scopes: all, asked: now, DataAccessEnds: now.Unix() + 1}, []platforms.Feature{"post", "numbers"}, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			granted, missing := tc.debug.Allowed("1", needs)
			if diff := cmp.Diff(tc.granted, granted); diff != "" {
				t.Errorf("granted (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.missing, missing); diff != "" {
				t.Errorf("missing (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPageTokensRunOutOnlyWithShortUserTokens(t *testing.T) {
	t.Parallel()
	p := Page{AccessToken: "page-token"}
	short := Debug{IssuedAt: now.Unix(), ExpiresAt: now.Add(time.Hour).Unix()}
	person := platforms.Grant{Tokens: platforms.Tokens{Access: platforms.NewSecret("person-token"), AccessExpires: now.Add(60 * 24 * time.Hour)}}
	if got := short.Tokens(p, person).AccessExpires; !got.Equal(now.Add(time.Hour)) {
		t.Errorf("from a short one: got %v", got)
	}
	for _, d := range []Debug{{IssuedAt: now.Unix(), ExpiresAt: now.Add(60 * 24 * time.Hour).Unix()}, {IssuedAt: now.Unix()}} {
		got := d.Tokens(p, person)
		if !got.AccessExpires.IsZero() {
			t.Errorf("from a long one: got %v, want none", got.AccessExpires)
		}
		if got.Access.Reveal() != "page-token" || got.Refresh.Reveal() != "person-token" || !got.RefreshExpires.Equal(person.Tokens.AccessExpires) {
			t.Errorf("the Page's own token and the person's are mixed up: ends %v", got.RefreshExpires)
		}
	}
}

// TestWithdraw: what the answers to taking the app away from a person mean.
func TestWithdraw(t *testing.T) {
	t.Parallel()
	type call struct{ method, path, bearer, proof string }
	for _, tc := range []struct {
		name, signIn, token string
		status              int
		answer              string
		kind                platforms.Kind // empty: done
		called              bool
	}{
		{"done", "meta/123/77", "person", 200, `{"success":true}`, "", true},
		{"not done", "meta/123/77", "person", 200, `{"success":false}`, platforms.Unknown, true},
		{"says nothing", "meta/123/77", "person", 200, `{}`, platforms.Unknown, true},
		{"done before", "meta/123/77", "person", 400, envelope(190, 458, ""), "", true},
		{"her token is over", "meta/123/77", "person", 400, envelope(190, 463, ""), platforms.Expired, true},
		{"her password changed", "meta/123/77", "person", 400, envelope(190, 460, ""), platforms.Revoked, true},
		{"refused", "meta/123/77", "person", 400, envelope(100, 0, ""), platforms.Rejected, true},
		{"down", "meta/123/77", "person", 500, `{}`, platforms.Unknown, true},
		{"no token of hers", "meta/123/77", "", 200, `{"success":true}`, platforms.Rejected, false},
		{"nobody knows who", "", "person", 200, `{"success":true}`, platforms.Rejected, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			calls := make(chan call, 4)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				calls <- call{r.Method, r.URL.Path, r.Header.Get("Authorization"), r.FormValue("appsecret_proof")}
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.answer))
			}))
			t.Cleanup(server.Close)
			c := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL}, Now: func() time.Time { return now }}, "parrot", nil)
			tokens := platforms.Tokens{Access: platforms.NewSecret("page"), Refresh: platforms.NewSecret(tc.token)}
			err := c.Withdraw(t.Context(), app, tc.signIn, tokens)
			if (err == nil) != (tc.kind == "") || err != nil && platforms.KindOf(err) != tc.kind {
				t.Errorf("got %v, want kind %q", err, tc.kind)
			}
			close(calls)
			got, ok := <-calls
			want := call{http.MethodDelete, "/v26.0/77/permissions", "Bearer person", Proof(app, tokens.Refresh)}
			if ok != tc.called || ok && got != want {
				t.Errorf("called %v with %+v, want %v with %+v", ok, got, tc.called, want)
			}
		})
	}
}

func TestTimesAreReadInBothForms(t *testing.T) {
	t.Parallel()
	for s, ok := range map[string]bool{
		`"2026-11-24T18:30:00+0000"`: true, `"2026-11-24T19:30:00+01:00"`: true, `"2026-11-24T18:30:00Z"`: true, `"yesterday"`: false, `7`: false,
	} {
		var got Time
		if err := got.UnmarshalJSON([]byte(s)); (err == nil) != ok || ok && !got.Equal(now) {
			t.Errorf("%s: got %v, %v", s, got, err)
		}
	}
}

func TestTimesInSecondsAreReadAsTextAndAsNumbers(t *testing.T) {
	t.Parallel()
	for s, ok := range map[string]bool{
		`"1795545000"`: true, `1795545000`: true, `"2026-11-24T18:30:00+0000"`: true, `"soon"`: false, `17955450000000000000`: false, `-1`: false,
	} {
		var got Seconds
		if err := got.UnmarshalJSON([]byte(s)); (err == nil) != ok || ok && !got.Equal(now) {
			t.Errorf("%s: got %v, %v", s, got, err)
		}
	}
}

// TestIDsAreTextAlsoWhereMetaWritesNumbers: they have more digits than a float64 keeps.
func TestIDsAreTextAlsoWhereMetaWritesNumbers(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]ID{`"1001_2002"`: "1001_2002", `122109876543210987`: "122109876543210987", `""`: "", `null`: ""} {
		got := ID("before")
		if err := got.UnmarshalJSON([]byte(s)); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", s, got, err, want)
		}
	}
	var id ID
	if err := id.UnmarshalJSON([]byte(`{"id":"1"}`)); err == nil {
		t.Error("an object is taken for an id")
	}
}

func TestFileIsStreamedWithItsLength(t *testing.T) {
	t.Parallel()
	type seen struct {
		length      int64
		file, field string
		name, typ   string
	}
	got := make(chan seen, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, h, err := r.FormFile("source")
		if err != nil {
			t.Errorf("form: %v", err)
			return
		}
		b, _ := io.ReadAll(f)
		got <- seen{r.ContentLength, string(b), r.FormValue("published"), h.Filename, h.Header.Get("Content-Type")}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":"1"}`))
	}))
	t.Cleanup(server.Close)
	c := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL}}, "parrot", nil)
	for _, size := range []int64{5, 0} {
		_, err := c.Do(t.Context(), Call{
			Op: "upload", Method: http.MethodPost, Path: "1/photos", Params: url.Values{"published": {"false"}},
			File: &File{Reader: strings.NewReader("bytes"), Name: "photo.jpg", Type: "image/jpeg", Bytes: size},
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := <-got
		if (s.length > 0) != (size > 0) {
			t.Errorf("size %d: length %d was sent", size, s.length)
		}
		s.length = 0
		if want := (seen{0, "bytes", "false", "photo.jpg", "image/jpeg"}); s != want {
			t.Errorf("got %+v, want %+v", s, want)
		}
	}
}

// Insights with one dead name are asked again name by name.
func TestInsightsSurviveADeadName(t *testing.T) {
	t.Parallel()
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		metric := r.FormValue("metric")
		asked = append(asked, metric)
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(metric, "dead") {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(envelope(100, 0, "")))
			return
		}
		_, _ = w.Write([]byte(`{"data":[
			{"name":"` + metric + `","period":"lifetime","values":[{"value":{"like":5,"love":2}}]},
			{"name":"` + metric + `","period":"day","values":[{"value":0}]},
			{"name":"empty","period":"lifetime","values":[]},
			{"name":"null","period":"lifetime","values":[{"value":null}]},
			{"name":"words","period":"lifetime","values":[{"value":"many"}]}]}`))
	}))
	t.Cleanup(server.Close)
	c := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL}}, "parrot", nil)
	values, raws, err := c.Insights(t.Context(), platforms.Session{}, "1/insights", []string{"dead", "alive"})
	if err != nil || len(raws) != 1 {
		t.Fatalf("got %d answers, %v", len(raws), err)
	}
	if diff := cmp.Diff(map[string]int64{"alive": 7}, values); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	if want := []string{"dead,alive", "dead", "alive"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
}
