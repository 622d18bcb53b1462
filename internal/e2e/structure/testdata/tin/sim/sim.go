// Package sim stands for the made-up platform.
package sim

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"sync"

	"github.com/bandstand-app/bandstand/platforms"
)

// Sim keeps what was posted, once for each key.
type Sim struct {
	env platforms.SimEnv

	mu    sync.Mutex
	posts []platforms.SimPost
}

// New builds it.
func New(env platforms.SimEnv) platforms.Simulator { return &Sim{env: env} }

// Mount implements platforms.Simulator.
func (*Sim) Mount() string { return "tin" }

// Page implements platforms.Simulator: there is no site for people.
func (*Sim) Page(*http.Request) (http.Handler, bool) { return nil, false }

func (s *Sim) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/posts" {
		http.NotFound(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	q := r.URL.Query()
	i := slices.IndexFunc(s.posts, func(p platforms.SimPost) bool { return p.ID == q.Get("key") })
	if i < 0 {
		i = len(s.posts)
		s.posts = append(s.posts, platforms.SimPost{Platform: "tin", Account: q.Get("account"), ID: q.Get("key"), Text: q.Get("text"), Media: []platforms.SimMedia{}, Time: s.env.Now()})
	}
	_ = json.NewEncoder(w).Encode(s.posts[i])
}

// Posts implements platforms.Simulator.
func (s *Sim) Posts() []platforms.SimPost {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.posts)
}

// Fault implements platforms.Simulator.
func (*Sim) Fault(platforms.SimFault) error { return errors.New("nothing goes wrong here") }

// Reset implements platforms.Simulator.
func (s *Sim) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts = nil
}

// Save implements platforms.Simulator.
func (s *Sim) Save() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Marshal(s.posts)
}

// Load implements platforms.Simulator.
func (s *Sim) Load(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return json.Unmarshal(b, &s.posts)
}
