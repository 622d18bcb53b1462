package sim

import (
	"fmt"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// TestTheStateHasBounds: what is over goes, and what a remembered post shows
// stays.
func TestTheStateHasBounds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	s := New(platforms.SimEnv{Now: func() time.Time { return now }, Posts: 10}).(*Sim)
	for i := range 3 * simkit.MaxTokens {
		key, at := fmt.Sprint(i), now.Add(time.Duration(i)*time.Second)
		s.State.Access[key], s.State.Refresh[key] = token{Made: at}, token{Made: at}
	}
	for i := range 100 {
		urn := fmt.Sprint(i)
		s.State.Codes[urn] = code{Ends: now.Add(codeLife)}
		for _, name := range []string{"m" + urn, "lost" + urn} {
			s.State.Images[name], s.State.Small[name] = upload{Ends: now.Add(uploadLife)}, simkit.Picture{}
		}
		s.State.Posts[urn] = post{Images: []string{"m" + urn}}
		s.Publish(platforms.SimPost{Platform: id, ID: urn})
	}
	s.tidy()
	if st := s.State; len(st.Codes) != 100 || len(st.Small) != 200 {
		t.Errorf("too early: %d codes, %d pictures", len(st.Codes), len(st.Small))
	}
	now = now.Add(2*uploadLife + time.Second)
	s.tidy()
	st := s.State
	if len(st.Codes) != 0 || len(st.Images) != 10 || len(st.Small) != 10 || len(st.Posts) != 10 || len(st.Access) != simkit.MaxTokens || len(st.Refresh) != simkit.MaxTokens {
		t.Errorf("left are %d codes, %d uploads, %d pictures, %d posts, %d and %d tokens", len(st.Codes), len(st.Images), len(st.Small), len(st.Posts), len(st.Access), len(st.Refresh))
	}
	if _, ok := st.Small["m99"]; !ok {
		t.Error("the picture of the newest post is gone")
	}
}
