package practice

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

// toy is the smallest simulator: whatever is posted to it is public.
type toy struct {
	id platforms.ID

	mu     sync.Mutex
	posts  []platforms.SimPost
	faults []platforms.SimFault
}

func (s *toy) Mount() string { return "mount-" + string(s.id) }

// Page: "/web/…" is for people, "/door" is where they let an app in.
func (s *toy) Page(r *http.Request) (http.Handler, bool) {
	if r.URL.Path == "/door" || strings.HasPrefix(r.URL.Path, "/web/") {
		return s, r.URL.Path == "/door"
	}
	return nil, false
}

func (s *toy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.faults {
		if f.Fault == "revoked_token" {
			http.Error(w, "taken back", http.StatusUnauthorized)
			return
		}
	}
	if r.Method == http.MethodGet {
		_, _ = fmt.Fprint(w, r.URL.Path)
		return
	}
	s.posts = append(s.posts, platforms.SimPost{Platform: s.id, ID: fmt.Sprint(len(s.posts)), Text: string(b), Time: time.Unix(int64(len(s.posts)), 0)})
	if strings.HasPrefix(string(b), "lost") {
		panic(http.ErrAbortHandler)
	}
}

func (s *toy) Posts() []platforms.SimPost {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.posts)
}

func (s *toy) Fault(f platforms.SimFault) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Platform != s.id {
		return errors.New("not mine")
	}
	s.faults = append(s.faults, f)
	return nil
}

func (s *toy) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts, s.faults = nil, nil
}

func (s *toy) Save() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(s.posts)
}

func (s *toy) Load(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts, s.faults = nil, nil
	return json.Unmarshal(b, &s.posts)
}

func toys() []platforms.Simulator {
	return []platforms.Simulator{&toy{id: "tin"}, &toy{id: "wood"}}
}

func newWorlds(t *testing.T, dir string) *Worlds {
	t.Helper()
	return New(Config{Dir: dir, Simulators: toys, Log: quiet})
}

func (ws *Worlds) send(t *testing.T, clubID int64, method, path, text string) (string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "https://any.example"+path, strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := ws.Client(clubID).Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return fmt.Sprint(resp.StatusCode, " ", strings.TrimSpace(string(b))), err
}

func texts(w *World) []string {
	var out []string
	for _, p := range w.Posts() {
		out = append(out, string(p.Platform)+": "+p.Text)
	}
	return out
}

func TestClubsHaveWorldsOfTheirOwn(t *testing.T) {
	t.Parallel()
	ws := newWorlds(t, t.TempDir())
	for club, text := range map[int64]string{1: "choir", 2: "football"} {
		if _, err := ws.send(t, club, http.MethodPost, "/practice/mount-tin/post", text); err != nil {
			t.Fatal(err)
		}
	}
	for club, want := range map[int64][]string{1: {"tin: choir"}, 2: {"tin: football"}, 3: nil} {
		w, err := ws.Of(club)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, texts(w)); diff != "" {
			t.Errorf("world of club %d: %s", club, diff)
		}
	}
}

func TestClientReachesNothingButTheWorldOfAClub(t *testing.T) {
	t.Parallel()
	ws := newWorlds(t, t.TempDir())
	if got, err := ws.send(t, 1, http.MethodGet, "/practice/mount-tin/a/b", ""); got != "200 /a/b" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	if got, err := ws.send(t, 1, http.MethodGet, "/practice/mount-none/a", ""); !strings.HasPrefix(got, "404") || err != nil {
		t.Errorf("an unknown mount: %q, %v", got, err)
	}
	if _, err := ws.send(t, 1, http.MethodGet, "/calendar", ""); err == nil {
		t.Error("an address outside of the worlds was called")
	}
}

func TestEachClubHasPlatformsForItsWorld(t *testing.T) {
	t.Parallel()
	made := 0
	ws := New(Config{Simulators: toys, Log: quiet, Platforms: func(c *http.Client) *platforms.Registry {
		made++
		return platforms.NewRegistry()
	}})
	if a, b := ws.Platforms(1), ws.Platforms(2); a == b {
		t.Error("two clubs share their platforms")
	}
	if again := ws.Platforms(1); again != ws.Platforms(1) || made != 2 {
		t.Errorf("%d registries made for two clubs", made)
	}
}

func TestRunSavesAtTheEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ws := newWorlds(t, dir)
	if _, err := ws.send(t, 1, http.MethodGet, "/practice/mount-tin/token", ""); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := ws.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "1", "mount-tin.json")); err != nil {
		t.Error(err)
	}
}

func TestWorldOutlivesTheProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ws := newWorlds(t, dir)
	if _, err := ws.send(t, 7, http.MethodPost, "/practice/mount-tin/post", "kept"); err != nil {
		t.Fatal(err)
	}
	if _, err := ws.send(t, 7, http.MethodPost, "/practice/mount-wood/post", "lost answer"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	// No orderly end: what was answered, and what was not, is in the files.
	w, err := newWorlds(t, dir).Of(7)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"tin: kept", "wood: lost answer"}, texts(w)); diff != "" {
		t.Error(diff)
	}
	left, err := filepath.Glob(filepath.Join(dir, "7", "*"))
	if err != nil || len(left) != 2 {
		t.Errorf("files: %v, %v", left, err)
	}
}

func TestDamagedWorldNamesItsFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "7", "mount-tin.json")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("{half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := newWorlds(t, dir).Of(7); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v", err)
	}
}

func TestManyWritersShareSaves(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ws := newWorlds(t, dir)
	var g sync.WaitGroup
	for range 50 {
		g.Go(func() {
			if _, err := ws.send(t, 1, http.MethodPost, "/practice/mount-tin/post", "x"); err != nil {
				t.Error(err)
			}
		})
	}
	g.Wait()
	w, err := newWorlds(t, dir).Of(1)
	if err != nil || len(w.Posts()) != 50 {
		t.Errorf("saved %d of 50, %v", len(w.Posts()), err)
	}
}

func TestBehaviourIsSwitchedForOnePlatform(t *testing.T) {
	t.Parallel()
	ws := newWorlds(t, t.TempDir())
	w, err := ws.Of(1)
	if err != nil {
		t.Fatal(err)
	}
	answer := func(mount string) string {
		got, err := ws.send(t, 1, http.MethodGet, "/practice/"+mount+"/", "")
		if err != nil {
			t.Fatal(err)
		}
		return got[:3]
	}
	steps := []struct {
		name      string
		do        func() error
		tin, wood string
	}{
		{"at first", func() error { return nil }, "200", "200"},
		{"tin", func() error { return w.Behave("tin", SignInGone) }, "401", "200"},
		{"both", func() error { return w.Behave("wood", SignInGone) }, "401", "401"},
		{"tin publishes again", func() error { return w.Behave("tin", Publishes) }, "200", "401"},
		{"reconnecting heals", func() error { return w.Heal("tin", "wood") }, "200", "200"},
		{"reset", func() error { return errors.Join(w.Behave("tin", SignInGone), w.Reset()) }, "200", "200"},
	}
	for _, s := range steps {
		if err := s.do(); err != nil {
			t.Fatal(s.name, err)
		}
		if tin, wood := answer("mount-tin"), answer("mount-wood"); tin != s.tin || wood != s.wood {
			t.Errorf("%s: tin %s, wood %s; want %s, %s", s.name, tin, wood, s.tin, s.wood)
		}
	}
	if err := w.Behave("tin", "explodes"); err == nil {
		t.Error("an unknown behaviour was taken")
	}
	if got := w.Behaviour("tin"); got != Publishes {
		t.Errorf("tin now %s", got)
	}
}

func TestWorldServesBrowsersToo(t *testing.T) {
	t.Parallel()
	w, err := Open("", toys(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(w)
	defer s.Close()
	resp, err := s.Client().Get(s.URL + "/mount-wood/www/p/1")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); string(b) != "/www/p/1" {
		t.Errorf("got %q", b)
	}
}

// guarded is a simulator that answers at length while it holds its lock.
type guarded struct {
	toy
	lock sync.Mutex
}

func (s *guarded) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	s.lock.Lock()
	defer s.lock.Unlock()
	_, _ = w.Write(make([]byte, 32<<20)) // more than a connection takes
}

// TestWhoNeverReadsHoldsNoSimulator: an answer leaves when its simulator has let
// go of everything, and a request is there before it begins.
func TestWhoNeverReadsHoldsNoSimulator(t *testing.T) {
	t.Parallel()
	sim := &guarded{toy: toy{id: "tin"}}
	world, err := Open("", []platforms.Simulator{sim}, quiet)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(world)
	t.Cleanup(server.Close)
	for name, text := range map[string]string{
		"never reads":  "GET /mount-tin/a HTTP/1.1\r\nHost: x\r\n\r\n",
		"never writes": "POST /mount-tin/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		if name == "never reads" {
			if _, err := conn.Read(make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
		}
		done := make(chan error, 1)
		go func() {
			resp, err := server.Client().Get(server.URL + "/mount-tin/b")
			if err == nil {
				_, err = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
			}
			done <- errors.Join(err, world.Reset(), world.Calm())
		}()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("while somebody %s: %v", name, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("whoever %s holds the simulator", name)
		}
	}
}

func TestPagesForPeopleAreNotForPrograms(t *testing.T) {
	t.Parallel()
	world, err := Open("", toys(), quiet)
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct{ page, signIn bool }{
		"/mount-tin/web/a": {true, false}, "/mount-tin/door": {true, true}, "/mount-tin/api": {}, "/mount-gold/web/a": {}, "/": {}, "/mount-tin": {},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		page, signIn := world.Page(r)
		if (page != nil) != want.page || signIn != want.signIn {
			t.Errorf("%s: a page %v, of a sign-in %v", path, page != nil, signIn)
		}
		if page == nil {
			continue
		}
		w := httptest.NewRecorder()
		page.ServeHTTP(w, r)
		if got := w.Body.String(); got != strings.TrimPrefix(path, "/mount-tin") {
			t.Errorf("%s is seen as %s", path, got)
		}
	}
}

func TestUnfinishedFilesAreRemovedAtTheStart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"mount-tin.json.123", "mount-tin.json"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("[]"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Open(dir, toys(), quiet); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 || left[0].Name() != "mount-tin.json" {
		t.Errorf("left are %v, %v", left, err)
	}
}
