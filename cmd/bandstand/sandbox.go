package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/internal/app"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/internal/safehttp"
	"github.com/bandstand-app/bandstand/platforms"
)

type sandboxCmd struct {
	Listen        string   `help:"Address to listen on." default:"127.0.0.1:9090" env:"BANDSTAND_SANDBOX_LISTEN"`
	Data          string   `help:"Directory in which to keep the posts over a restart. Default: they are forgotten." type:"path" env:"BANDSTAND_SANDBOX_DATA"`
	BaseURL       string   `name:"base-url" help:"Address at which browsers reach the sandbox. Default: http:// and the listen address." env:"BANDSTAND_SANDBOX_BASE_URL"`
	AllowNetworks []string `help:"Networks that are not public from which pictures may be fetched." default:"127.0.0.0/8,::1/128" env:"BANDSTAND_SANDBOX_ALLOW_NETWORKS"`
}

// Run serves the make-believe platforms until the process is told to stop.
func (c *sandboxCmd) Run(ctx context.Context, out io.Writer) error {
	networks, err := safehttp.ParseExceptions(c.AllowNetworks)
	if err != nil {
		return fmt.Errorf("--allow-networks: %w", err)
	}
	listener, err := app.Listen(ctx, c.Listen)
	if err != nil {
		return err
	}
	defer listener.Close()
	if c.BaseURL == "" {
		c.BaseURL = "http://" + listener.Addr().String()
	}
	base, err := parseAddress(c.BaseURL)
	if err != nil {
		return fmt.Errorf("--base-url: %q is not an address like http://127.0.0.1:9090", c.BaseURL)
	}
	log := newLog(os.Stderr)
	fetch := safehttp.Platform(safehttp.Settings{UserAgent: catalogue().UserAgent(), Exceptions: networks})
	world, err := practice.Open(c.Data, catalogue().Simulate(platforms.SimEnv{Now: wallClock, Fetch: fetch, BaseURL: base.String()}), log)
	if err != nil {
		return err
	}
	if err := greetSandbox(out, base.String(), catalogue().Describe()); err != nil {
		return err
	}
	server := &http.Server{
		Handler: newSandbox(world, catalogue().Describe()), ReadHeaderTimeout: app.UsualTimeouts().Header, IdleTimeout: app.UsualTimeouts().Idle,
		MaxHeaderBytes: app.HeaderBytes, ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	saved := make(chan error, 1)
	go func() { saved <- world.Run(ctx) }()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), app.StopTimeout)
	defer cancel()
	return errors.Join(server.Shutdown(stop), <-saved)
}

// greetSandbox prints what points an app to the sandbox.
func greetSandbox(out io.Writer, base string, infos []platforms.Info) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Make-believe platforms run at %s\nThese variables point an app to them:\n\n", base)
	fmt.Fprintf(&b, "export BANDSTAND_ALLOW_NETWORKS=127.0.0.0/8,::1/128\n")
	at := app.Sandboxed(base, infos)
	for _, one := range newPlatformSettings(infos).settings {
		variable := "BANDSTAND_" + strings.ToUpper(strings.ReplaceAll(one.flag, "-", "_"))
		switch {
		case one.endpoint != nil:
			fmt.Fprintf(&b, "export %s=%s\n", variable, at[one.platform][one.endpoint.Name])
		case !one.file && !one.version: // the usual version is right
			fmt.Fprintf(&b, "export %s=sandbox-%s\n", variable, one.field.Key)
		}
	}
	b.WriteByte('\n')
	_, err := io.WriteString(out, b.String())
	return err
}

// maxFault is the most that is read of a request to arm a fault, in bytes.
const maxFault = 64 << 10

//go:embed sandbox.html
var sandboxHTML string

var sandboxPage = template.Must(template.New("sandbox").Funcs(template.FuncMap{
	"when": func(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04:05 UTC") },
}).Parse(sandboxHTML))

// sandbox serves one world with its record, faults and reset.
type sandbox struct {
	world *practice.World
	names map[platforms.ID]string
}

func newSandbox(world *practice.World, infos []platforms.Info) http.Handler {
	s := &sandbox{world: world, names: map[platforms.ID]string{}}
	for _, i := range infos {
		s.names[i.ID] = i.Name
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.showFeed)
	mux.HandleFunc("GET /_sandbox/posts", s.listPosts)
	mux.HandleFunc("POST /_sandbox/faults", s.createFault)
	mux.HandleFunc("DELETE /_sandbox/faults", s.deleteFaults)
	mux.HandleFunc("POST /_sandbox/reset", s.createReset)
	mux.Handle("/", world)
	return http.NewCrossOriginProtection().Handler(mux)
}

func (s *sandbox) listPosts(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, s.world.Posts())
}

func (s *sandbox) createFault(w http.ResponseWriter, r *http.Request) {
	var f platforms.SimFault
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxFault))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		refuse(w, http.StatusBadRequest, err)
		return
	}
	if err := s.world.Fault(f); err != nil {
		refuse(w, http.StatusUnprocessableEntity, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *sandbox) deleteFaults(w http.ResponseWriter, _ *http.Request) {
	if err := s.world.Calm(); err != nil {
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func (s *sandbox) createReset(w http.ResponseWriter, _ *http.Request) {
	if err := s.world.Reset(); err != nil {
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// feedPost is a post on the page for people.
type feedPost struct {
	platforms.SimPost
	Name string // of the platform
}

func (s *sandbox) showFeed(w http.ResponseWriter, _ *http.Request) {
	var posts []feedPost
	for _, p := range s.world.Posts() {
		posts = append(posts, feedPost{p, s.names[p.Platform]})
	}
	slices.Reverse(posts)
	var b strings.Builder
	if err := sandboxPage.Execute(&b, posts); err != nil {
		refuse(w, http.StatusInternalServerError, err)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'")
	h.Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, b.String())
}

func refuse(w http.ResponseWriter, status int, err error) {
	writeJSON(w, status, map[string]string{"error": err.Error()})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		http.Error(w, "answer could not be written", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}
