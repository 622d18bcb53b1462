package simkit_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

const toy platforms.ID = "toy"

// play makes one call to something that misbehaves, and tells what came back
// and how often it acted.
func play(t *testing.T, c *simkit.Core, fault string) (status int, contentType, body string, acts int64) {
	t.Helper()
	var acted atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.Misbehave(w, r, fault, func(w http.ResponseWriter, _ *http.Request) {
			acted.Add(1)
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusCreated)
			_, _ = w.Write([]byte(`{"id":"42"}`))
		})
	}))
	defer server.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, resp.Header.Get("Content-Type"), string(b), acted.Load()
}

func TestFaultsActOrDoNotAct(t *testing.T) {
	t.Parallel()
	const page, json, text = "text/html", "application/json", "text/plain; charset=utf-8"
	for _, tt := range []struct {
		fault  string
		status int
		typ    string
		body   string // "" for any
		acted  int64
	}{
		{"", 201, json, `{"id":"42"}`, 1},
		{simkit.WrongType, 201, text, `{"id":"42"}`, 1},
		{simkit.NoID, 200, json, `{}`, 1},
		{simkit.ErrorBefore, 500, json, "", 0},
		{simkit.ErrorAfter, 500, json, "", 1},
		{simkit.Redirected, 307, page, "", 0},
		{simkit.Moved, 308, page, "", 0},
		{simkit.RequestTimeout, 408, page, "", 0},
		{simkit.Unavailable, 503, page, "", 0},
		{simkit.Forbidden, 403, page, "", 0},
		{simkit.TooManyPage, 429, page, "", 0},
	} {
		c := simkit.New(time.Now, toy)
		status, typ, body, acted := play(t, c, tt.fault)
		if status != tt.status || typ != tt.typ || tt.body != "" && body != tt.body || acted != tt.acted {
			t.Errorf("%q: %d, %s, %q, acted %d times; want %d, %s, %q, %d", tt.fault, status, typ, body, acted, tt.status, tt.typ, tt.body, tt.acted)
		}
	}
}

func TestAFaultFollowsAnother(t *testing.T) {
	t.Parallel()
	c := simkit.New(time.Now, toy)
	err := c.Fault(platforms.SimFault{
		Platform: toy, Operation: "publish", Fault: simkit.ResetAfter, Count: 2,
		Then: &platforms.SimFault{Platform: toy, Operation: "*", Fault: simkit.ErrorBefore, Count: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, call := range []struct{ operation, want string }{
		{"read", ""}, {"publish", simkit.ResetAfter}, {"read", ""}, {"publish", simkit.ResetAfter}, {"read", simkit.ErrorBefore}, {"read", ""},
	} {
		if waiting := len(c.Waiting()) > 0; waiting != (i < 5) {
			t.Errorf("before call %d a fault waits: %v", i, waiting)
		}
		if got := c.Take(toy, call.operation); got != call.want {
			t.Errorf("call %d, %s: %q, want %q", i, call.operation, got, call.want)
		}
	}
}

func TestListsLagBehind(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	c := simkit.New(func() time.Time { return now }, toy)
	if !c.Listed(now) {
		t.Error("without a fault a list leaves out what is new")
	}
	if err := c.Fault(platforms.SimFault{Platform: toy, Operation: "*", Fault: simkit.Lag}); err != nil {
		t.Fatal(err)
	}
	if c.Listed(now) || c.Listed(now.Add(-4*time.Minute)) || !c.Listed(now.Add(-5*time.Minute)) {
		t.Error("a list lags by something else than five minutes")
	}
	c.Reset()
	if !c.Listed(now) {
		t.Error("a list lags after the reset")
	}
}
