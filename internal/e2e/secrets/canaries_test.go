package secrets

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/cmd/bandstand/settings"
	"github.com/bandstand-app/bandstand/internal/canary"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/internal/sandbox"
	"github.com/bandstand-app/bandstand/platforms"
)

// aviary is the program with secrets in every corner of it, and everything that
// it says to anybody, kept by where it said it (T-SECRET).
type aviary struct {
	*testing.T
	app     *e2ekit.App
	clock   *e2ekit.Clock
	data    string // directory
	sandbox string // address of what stands for the platforms
	world   *practice.World
	slots   []string // of platform apps: entered in the app, in a file, as a flag
	program string   // file of the built program, for its commands

	mu       sync.Mutex
	flock    canary.Flock
	places   map[string]*bytes.Buffer
	echo     string // how the platforms give back what they are sent; "" if they do not
	requests int
}

// lawful are the places in which a secret may stand, and why. Names of secrets
// and of places are matched whole.
var lawful = []struct{ secret, place, why string }{
	{"session", "Set-Cookie of .*", "that is how a browser gets it"},
	{"set-up code", "the console", "whoever can read the console may set up (rule W9)"},
	{"set-up code", "the page .* (GET|POST) /setup", "the form that the address of the console leads to"},
	{"a wrong set-up code", "the page .* POST /setup", "what was typed stays in the form"},
	{"a password typed as the email", "the page .* POST /sign-in", "what was typed stays in the form"},
	{"invitation link|sign-in link", "the page .* POST /settings/.*", "shown once, to the admin who made it"},
	{"invitation link", "the page .* (GET|POST) /invitations/:token", "the form goes to the address it was asked for at"},
	{"sign-in link", "the page .* (GET|POST) /sign-in/link/:token", "the form goes to the address it was asked for at"},
	{"sign-in link", "the console of member reset", "printed for the operator who asked for it"},
	{"state", "Location of POST /accounts/.*", "the platform is to send it back (RFC 6749)"},
	{"kept form", "Location of .*|the page .* (GET|POST) /sign-in|the page .* (GET|POST) /posts/kept/:ref", "known to the browser it was typed in"},
	{"kept request", "Location of POST .*|the page .* GET /confirm/:ref", "known to the browser it was asked for in"},
	{"form mark", "the page .* (GET|POST) /posts.*", "the composer, which sends it back with what was typed"},
	{"key file|sealing key|root key", "the file keys/bandstand.key", "that is the key file"},
	{"practice: .*", "the file practice/.*|the page .* /practice/:mount/.*|Location of .* /practice/:mount/.*", "the make-believe platform that gave it out"},
	{"practice: state", "Location of POST /accounts/.*", "as at a platform"},
}

// lawfully tells whether a secret may stand in a place.
func lawfully(secret, place string) bool {
	for _, l := range lawful {
		if whole(l.secret).MatchString(secret) && whole(l.place).MatchString(place) {
			return true
		}
	}
	return false
}

var whole = func() func(string) *regexp.Regexp {
	var known sync.Map
	return func(pattern string) *regexp.Regexp {
		r, ok := known.Load(pattern)
		if !ok {
			r, _ = known.LoadOrStore(pattern, regexp.MustCompile(`^(?:`+pattern+`)$`))
		}
		return r.(*regexp.Regexp)
	}
}()

// plant keeps a secret, to be looked for in the end.
func (a *aviary) plant(name, secret string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.flock.Add(name, secret)
	return secret
}

// heard keeps what was said at a place.
func (a *aviary) heard(place string, what ...string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	b := a.places[place]
	if b == nil {
		b = &bytes.Buffer{}
		a.places[place] = b
	}
	for _, w := range what {
		b.WriteString(w)
		b.WriteByte('\n')
	}
}

// ear is a place that can be written to.
type ear struct {
	a     *aviary
	place string
}

func (w ear) Write(b []byte) (int, error) {
	w.a.heard(w.place, string(b))
	return len(b), nil
}

func (a *aviary) said(place string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.places[place] == nil {
		return ""
	}
	return a.places[place].String()
}

// newAviary starts the program with platforms that this test plays.
func newAviary(t *testing.T) *aviary {
	t.Helper()
	a := &aviary{T: t, clock: e2ekit.NewClock(), data: filepath.Join(t.TempDir(), "data"), program: e2ekit.Build(t, e2ekit.ReleaseTags), places: map[string]*bytes.Buffer{}}
	s := httptest.NewUnstartedServer(nil)
	a.sandbox = "http://" + s.Listener.Addr().String()
	world, err := practice.Open("", e2ekit.Catalogue().Simulate(platforms.SimEnv{Fetch: http.DefaultClient, BaseURL: a.sandbox, Now: a.clock.Now}), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	a.world = world
	s.Config.Handler = a.tapped(sandbox.New(world, e2ekit.Catalogue().Describe()))
	s.Start()
	t.Cleanup(s.Close)
	a.app, err = e2ekit.Open(t.Context(), e2ekit.Parse(t, a.arguments()...), ear{a, "the console"}, a.clock.Now, func(c *e2ekit.Config) {
		c.Elapsed, c.Ballast = a.clock.Elapsed, 1<<16
		c.Log = slog.New(slog.NewTextHandler(ear{a, "the log"}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.app.Close() }) // the test may have closed it
	go func() { _ = a.app.Serve() }()
	if err := a.app.Greet(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := a.app.Engine().Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.plantKeys()
	return a
}

// arguments start the program: the first platform app is left to be entered, the
// others have their secrets in a file, or in the flag.
func (a *aviary) arguments() []string {
	a.Helper()
	args := []string{"--listen", "127.0.0.1:0", "--data", a.data, "--allow-networks", "127.0.0.0/8"}
	ours := settings.NewPlatforms(e2ekit.Catalogue().Describe())
	for _, one := range ours.Flags() {
		if one.Endpoint != nil {
			args = append(args, "--"+one.Name+"="+e2ekit.Sandboxed(a.sandbox)[one.Platform][one.Endpoint.Name])
			continue
		}
		if one.Version {
			continue // no secret, and the usual one is right
		}
		if !slices.Contains(a.slots, one.Slot) {
			a.slots = append(a.slots, one.Slot)
		}
		switch n := slices.Index(a.slots, one.Slot); {
		case n == 0, one.File != (n == 1 && one.Field.Secret):
		case one.File:
			file := filepath.Join(a.TempDir(), one.Name)
			if err := os.WriteFile(file, []byte(a.plant("app secret in a file", "canary/app+secret=in a file")+"\n"), 0o600); err != nil {
				a.Fatal(err)
			}
			args = append(args, "--"+one.Name+"="+file)
		case one.Field.Secret:
			args = append(args, "--"+one.Name+"="+a.plant("app secret in a flag", "canary/app+secret=in&a\"flag"))
		default:
			args = append(args, "--"+one.Name+"=1234567")
		}
	}
	return args
}

// console runs a command of the program beside the app, and returns what it said.
func (a *aviary) console(in string, args ...string) (string, error) {
	a.Helper()
	command := exec.CommandContext(a.Context(), a.program, args...)
	command.Stdin = strings.NewReader(in)
	said, err := command.CombinedOutput()
	return string(said), err
}

// plantKeys looks for the keys, as they stand in their file and as they are.
func (a *aviary) plantKeys() {
	a.Helper()
	b, err := os.ReadFile(filepath.Join(a.data, "keys", "bandstand.key"))
	if err != nil {
		a.Fatal(err)
	}
	a.plant("key file", string(b))
	var f struct {
		Root    []byte `json:"root"`
		Sealing struct {
			Key []struct {
				KeyData struct {
					Value []byte `json:"value"`
				} `json:"keyData"`
			} `json:"key"`
		} `json:"sealing"`
	}
	if err := json.Unmarshal(b, &f); err != nil || len(f.Root) == 0 || len(f.Sealing.Key) == 0 {
		a.Fatalf("the key file cannot be read: %v", err)
	}
	a.plant("root key", string(f.Root))
	for _, k := range f.Sealing.Key {
		const keyBytes = 32 // behind what Tink writes before it
		a.plant("sealing key", string(k.KeyData.Value[len(k.KeyData.Value)-keyBytes:]))
	}
}

// secretField are names of fields in which platforms and we exchange secrets.
var secretField = regexp.MustCompile(`(?i)token$|secret|^code$|verifier|proof|password|jwt$|^state$`)

// tapped serves the platforms, and keeps every secret that passes between them
// and anybody.
func (a *aviary) tapped(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, "", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if _, credential, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok {
			a.tap("credential", credential)
			if plain, err := base64.StdEncoding.DecodeString(credential); err == nil && strings.HasPrefix(r.Header.Get("Authorization"), "Basic ") {
				a.tap("credential", string(plain))
			}
		}
		a.tapForm(r.URL.RawQuery)
		a.tapForm(string(body))
		a.tapJSON(body)
		answer := httptest.NewRecorder()
		a.mu.Lock()
		echo := a.echo
		a.mu.Unlock()
		if echo != "" {
			giveBack(answer, echo, r.Header.Get("Authorization")+" "+r.URL.RawQuery+" "+string(body))
		} else {
			next.ServeHTTP(answer, r)
		}
		if to, err := url.Parse(answer.Header().Get("Location")); err == nil {
			a.tapForm(to.RawQuery)
		}
		a.tapJSON(answer.Body.Bytes())
		maps.Copy(w.Header(), answer.Header())
		w.WriteHeader(answer.Code)
		_, _ = w.Write(answer.Body.Bytes())
	})
}

func (a *aviary) tap(name, secret string) {
	const shortest = 8
	if len(secret) >= shortest {
		a.plant(name, secret)
	}
}

func (a *aviary) tapForm(text string) {
	form, err := url.ParseQuery(text)
	if err != nil || len(text) > 1<<16 {
		return
	}
	for name, values := range form {
		for _, v := range values {
			if secretField.MatchString(name) {
				a.tap(name, v)
			}
		}
	}
}

func (a *aviary) tapJSON(b []byte) {
	var v any
	if json.Unmarshal(b, &v) != nil {
		return
	}
	var walk func(name string, v any)
	walk = func(name string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, inner := range v {
				walk(k, inner)
			}
		case []any:
			for _, inner := range v {
				walk(name, inner)
			}
		case string:
			if secretField.MatchString(name) && name != "code" && name != "state" { // there, those are of errors and of things
				a.tap(name, v)
			}
		}
	}
	walk("", v)
}

// echoWays are how a platform that is out of order gives back what it was sent.
var echoWays = []string{"error", "sentence", "page", "torn", "type", "headers"}

func giveBack(w http.ResponseWriter, way, sent string) {
	line := strings.Map(func(c rune) rune { return max(c, ' ') }, sent)
	typ, status, body := "application/json", http.StatusBadRequest, ""
	switch way {
	case "error":
		body = fmt.Sprintf(`{"error":{"message":%[1]q,"error_user_msg":%[1]q,"type":%[1]q,"code":100,"fbtrace_id":%[1]q},"detail":%[1]q,"title":%[1]q,"message":%[1]q,"code":%[1]q}`, sent)
	case "sentence":
		status, body = http.StatusForbidden, fmt.Sprintf(`{"error":"InvalidRequest","error_description":%[1]q,"message":%[1]q,"detail":%[1]q,"title":"Forbidden"}`, sent)
	case "page":
		typ, status, body = "text/html", http.StatusInternalServerError, "<title>"+sent+"</title>"
	case "torn":
		status, body = http.StatusOK, `{"id":"`+sent
	case "type":
		typ, status, body = line, http.StatusOK, `{"id":"1"}`
	case "headers":
		status, body = http.StatusTemporaryRedirect, "{}"
		for _, name := range []string{"Location", "X-Transaction-Id", "X-Li-Uuid", "Www-Authenticate", "Retry-After", "X-Rate-Limit-Reset"} {
			w.Header().Set(name, line)
		}
	}
	w.Header().Set("Content-Type", typ)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body)
}

// setEcho lets the platforms give back what they are sent, or work again.
func (a *aviary) setEcho(way string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.echo = way
}

// keepFiles keeps every file of the data directory, with the stage the test is at.
func (a *aviary) keepFiles() {
	a.Helper()
	err := filepath.WalkDir(a.data, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(a.data, path)
		a.heard("the file "+filepath.ToSlash(name), string(b))
		return err
	})
	if err != nil {
		a.Fatal(err)
	}
}

// keepTables keeps every value of the database, by its column: in the file a
// value may be cut in two.
func (a *aviary) keepTables() {
	a.Helper()
	db := a.app.DB().Reader()
	names := func(query string, args ...any) (all []string) {
		rows, err := db.QueryContext(a.T.Context(), query, args...)
		if err != nil {
			a.Fatal(err)
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				a.Fatal(err)
			}
			all = append(all, name)
		}
		if err := rows.Err(); err != nil {
			a.Fatal(err)
		}
		return all
	}
	for _, table := range names(`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`) {
		for _, column := range names(`SELECT name FROM pragma_table_info(?)`, table) {
			a.heard("the column "+table+"."+column, names(`SELECT CAST("`+column+`" AS BLOB) FROM "`+table+`" WHERE "`+column+`" IS NOT NULL`)...) //nolint:gosec // names of our own schema
		}
	}
}

// sighting is a secret in a place where it may not be.
type sighting struct{ secret, place, way string }

// sightings searches every place.
func (a *aviary) sightings() []sighting {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []sighting
	for _, place := range slices.Sorted(maps.Keys(a.places)) {
		for _, seen := range a.flock.Find(a.places[place].Bytes()) {
			if !lawfully(seen.Name, place) {
				all = append(all, sighting{seen.Name, place, seen.Way})
			}
		}
	}
	slices.SortFunc(all, func(x, y sighting) int {
		return cmp.Or(cmp.Compare(x.secret, y.secret), cmp.Compare(x.place, y.place), cmp.Compare(x.way, y.way))
	})
	return all
}
