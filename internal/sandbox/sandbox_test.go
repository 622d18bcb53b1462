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

// TestTheRecordShowsWhatFollowsAPost: the page below the post, the data with kind,
// parent and options.
func TestTheRecordShowsWhatFollowsAPost(t *testing.T) {
	t.Parallel()
	s := &toy{}
	at := time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)
	s.state.Posts = []platforms.SimPost{
		{Platform: "tin", Account: "1", ID: "10", Text: "Trials", Time: at, Options: map[string]string{"who": "all <b>"}},
		{Platform: "tin", Account: "1", ID: "11", Text: "Bring boots", Time: at.Add(time.Minute), Kind: platforms.SimReply, Parent: "10"},
		{Platform: "tin", Account: "1", ID: "12", Time: at.Add(2 * time.Minute), Kind: platforms.SimStory},
		{Platform: "tin", Account: "1", ID: "13", Text: "Sign up", Time: at.Add(3 * time.Minute), Kind: platforms.SimComment, Parent: "10"},
	}
	world, err := practice.Open("", []platforms.Simulator{s}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) string {
		t.Helper()
		w := httptest.NewRecorder()
		New(world, []platforms.Info{{ID: "tin", Name: "Tin"}}).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		return w.Body.String()
	}
	page, from := get("/"), 0
	if !strings.HasPrefix(page, "<!doctype html>") {
		t.Errorf("the page begins with %.40q", page)
	}
	for _, want := range []string{
		"Tin, account 1: Story", "<h2>Tin, account 1</h2>", "Trials", "Option who: all &lt;b&gt;",
		"<ol>", "<h3>Reply to 10</h3>", "Bring boots", "<h3>Comment on 10</h3>", "Sign up", "</ol>",
	} {
		i := strings.Index(page[from:], want)
		if i < 0 {
			t.Fatalf("the page lacks %q after the %d bytes that came before:\n%s", want, from, page)
		}
		from += i + len(want)
	}
	var posts []platforms.SimPost
	if err := json.Unmarshal([]byte(get("/_sandbox/posts")), &posts); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.state.Posts, posts); diff != "" {
		t.Errorf("the data (-want +got):\n%s", diff)
	}
}
