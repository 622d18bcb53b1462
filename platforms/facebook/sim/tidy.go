package sim

import (
	"maps"
	"time"

	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// maxApps is how many apps the person's settings remember, the newest.
const maxApps = 100

// tidy drops codes and uploads that are over, old tokens and apps, and what
// belongs to posts that are forgotten. The caller holds the lock.
func (s *server) tidy() {
	now, st := s.Now(), s.State
	maps.DeleteFunc(st.Codes, func(_ string, c *code) bool { return now.After(c.Expires.Add(codeLife)) })
	simkit.KeepNewest(st.Tokens, simkit.MaxTokens, func(t *token) time.Time { return t.Used })
	for _, apps := range []map[string]time.Time{st.Agreed, st.Removed} {
		simkit.KeepNewest(apps, maxApps, func(at time.Time) time.Time { return at })
	}
	s.tidyPage(now)
	s.tidyAccount(now)
	shown := map[string]bool{}
	for _, p := range s.Posts() {
		for _, m := range p.Media {
			shown[m.SHA256] = true
		}
	}
	for _, ph := range st.Photos {
		shown[ph.SHA] = true
	}
	for _, b := range st.Containers {
		shown[b.SHA] = true
	}
	maps.DeleteFunc(st.Pictures, func(sha string, _ simkit.Picture) bool { return !shown[sha] })
}

// tidyPage keeps the posts that are remembered with their photos, and photos
// that may still be posted, or said to be too old.
func (s *server) tidyPage(now time.Time) {
	public := s.Remembered(facebook)
	maps.DeleteFunc(s.State.PagePosts, func(id string, _ *post) bool { return !public[id] })
	maps.DeleteFunc(s.State.Stories, func(id string, _ *story) bool { return !public[id] })
	maps.DeleteFunc(s.State.Comments, func(id string, m *comment) bool { return m.Platform == facebook && !public[id] })
	posted := map[string]bool{}
	for _, p := range s.State.PagePosts {
		for _, id := range p.Photos {
			posted[id] = true
		}
	}
	for _, m := range s.State.Stories {
		posted[m.Photo] = true
	}
	maps.DeleteFunc(s.State.Photos, func(id string, ph *photo) bool { return !posted[id] && now.Sub(ph.Made) > 2*photoLife })
}

// tidyAccount does the same for the posts of accounts and their containers.
func (s *server) tidyAccount(now time.Time) {
	public := s.Remembered(instagram)
	maps.DeleteFunc(s.State.Media, func(id string, _ *media) bool { return !public[id] })
	maps.DeleteFunc(s.State.Comments, func(id string, m *comment) bool { return m.Platform == instagram && !public[id] })
	posted := map[string]bool{}
	for _, m := range s.State.Media {
		for _, id := range m.Containers {
			posted[id] = true
		}
	}
	maps.DeleteFunc(s.State.Containers, func(id string, b *container) bool { return !posted[id] && now.Sub(b.Made) > 2*containerLife })
}
