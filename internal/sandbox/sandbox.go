// Package sandbox serves make-believe platforms alone: to tests, and to people who
// write platform clients.
package sandbox

import (
	_ "embed"
	"encoding/json"
	"html/template"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/platforms"
)

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

// New returns what serves a world for tests and for people who write platform
// clients: its pages, the record of posts, faults that can be armed, and a reset.
func New(world *practice.World, infos []platforms.Info) http.Handler {
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

// feedPost is a post on the page for people, with what follows it.
type feedPost struct {
	practice.Thread
	Name string // of the platform
}

func (s *sandbox) showFeed(w http.ResponseWriter, _ *http.Request) {
	var posts []feedPost
	for _, t := range practice.Threads(s.world.Posts()) {
		posts = append(posts, feedPost{t, s.names[t.Platform]})
	}
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
