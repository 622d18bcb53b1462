package sandbox

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/platforms"
)

// toy is a simulator that publishes whatever is posted to it.
type toy struct {
	mu    sync.Mutex
	state struct {
		Posts  []platforms.SimPost
		Faults []platforms.SimFault `json:"-"`
	}
}

func (*toy) Mount() string { return "tin" }

func (*toy) Page(*http.Request) (http.Handler, bool) { return nil, false }

func (s *toy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.state.Faults) > 0 {
		http.Error(w, s.state.Faults[0].Fault, http.StatusServiceUnavailable)
		return
	}
	at := time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC).Add(-time.Duration(len(s.state.Posts)) * time.Hour)
	s.state.Posts = append(s.state.Posts, platforms.SimPost{Platform: "tin", Account: "1", ID: string(b), Text: string(b), Media: []platforms.SimMedia{}, Time: at})
}

func (s *toy) Posts() []platforms.SimPost {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]platforms.SimPost(nil), s.state.Posts...)
}

func (s *toy) Fault(f platforms.SimFault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Platform != "tin" {
		return io.ErrUnexpectedEOF
	}
	s.state.Faults = append(s.state.Faults, f)
	return nil
}

func (s *toy) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Posts, s.state.Faults = nil, nil
}

func (s *toy) Save() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(s.state)
}

func (s *toy) Load(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.Faults = nil
	return json.Unmarshal(b, &s.state)
}

// openSandbox serves a sandbox that keeps its data in dir.
func openSandbox(t *testing.T, dir string) func(method, path, body string) (int, string) {
	t.Helper()
	world, err := practice.Open(dir, []platforms.Simulator{&toy{}}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(New(world, []platforms.Info{{ID: "tin", Name: "Tin"}}))
	t.Cleanup(server.Close)
	return func(method, path, body string) (int, string) {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, strings.TrimSpace(string(b))
	}
}

func TestSandboxKeepsARecordOverRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	do := openSandbox(t, dir)
	if _, got := do("GET", "/_sandbox/posts", ""); got != "[]" {
		t.Errorf("at first: %s", got)
	}
	do("POST", "/tin/post", "later")
	do("POST", "/tin/post", "earlier <b>")

	do = openSandbox(t, dir)
	status, got := do("GET", "/_sandbox/posts", "")
	var posts []platforms.SimPost
	if err := json.Unmarshal([]byte(got), &posts); err != nil || status != http.StatusOK {
		t.Fatal(status, got, err)
	}
	var texts []string
	for _, p := range posts {
		texts = append(texts, p.Text)
	}
	if diff := cmp.Diff([]string{"earlier <b>", "later"}, texts); diff != "" {
		t.Errorf("not oldest first: %s", diff)
	}
	if _, page := do("GET", "/", ""); !strings.Contains(page, "Tin, account 1") || !strings.Contains(page, "earlier &lt;b&gt;") {
		t.Errorf("the page: %s", page)
	}
}

func TestSandboxFaultsAndReset(t *testing.T) {
	t.Parallel()
	do := openSandbox(t, "")
	for _, c := range []struct {
		name, method, path, body string
		want                     int
	}{
		{"publish", "POST", "/tin/post", "one", 200},
		{"fault", "POST", "/_sandbox/faults", `{"platform":"tin","operation":"publish","fault":"slow","count":1}`, 204},
		{"it shows", "POST", "/tin/post", "two", 503},
		{"of another platform", "POST", "/_sandbox/faults", `{"platform":"gold","operation":"publish","fault":"slow"}`, 422},
		{"disarmed", "DELETE", "/_sandbox/faults", "", 204},
		{"it shows no more", "POST", "/tin/post", "two", 200},
		{"fault again", "POST", "/_sandbox/faults", `{"platform":"tin","operation":"publish","fault":"slow","count":1}`, 204},
		{"misspelt", "POST", "/_sandbox/faults", `{"platfrom":"tin"}`, 400},
		{"too big", "POST", "/_sandbox/faults", `{"fault":"` + string(bytes.Repeat([]byte("x"), maxFault)) + `"}`, 400},
		{"not by reading", "GET", "/_sandbox/reset", "", 404},
		{"reset", "POST", "/_sandbox/reset", "", 204},
		{"calm again", "POST", "/tin/post", "three", 200},
		{"unknown mount", "GET", "/copper/x", "", 404},
	} {
		if status, body := do(c.method, c.path, c.body); status != c.want {
			t.Errorf("%s: got %d %s, want %d", c.name, status, body, c.want)
		}
	}
}
