package sim

import (
	"fmt"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
	"github.com/bandstand-app/bandstand/platforms/x"
)

// TestTheStateHasBounds: what is over goes, and what a remembered post shows
// stays.
func TestTheStateHasBounds(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	s := New(platforms.SimEnv{Now: func() time.Time { return now }, Posts: 10}).(*Sim)
	for i := range 3 * simkit.MaxTokens {
		id, at := fmt.Sprint(i), now.Add(time.Duration(i)*time.Second)
		s.State.Access[id], s.State.Refresh[id] = grant{Ends: at}, grant{Ends: at}
	}
	for i := range 100 {
		id := fmt.Sprint(i)
		s.State.Codes[id] = code{Ends: now.Add(codeLife)}
		s.State.Media["m"+id], s.State.Small["m"+id] = media{Ends: now.Add(mediaLife)}, simkit.Picture{}
		s.State.Media["lost"+id], s.State.Small["lost"+id] = media{Ends: now.Add(mediaLife)}, simkit.Picture{}
		s.State.Posts[id] = post{Media: []string{"m" + id}}
		s.Publish(platforms.SimPost{Platform: x.ID, ID: id})
	}
	s.tidy()
	if st := s.State; len(st.Codes) != 100 || len(st.Small) != 200 {
		t.Errorf("too early: %d codes, %d pictures", len(st.Codes), len(st.Small))
	}
	now = now.Add(mediaLife + time.Second)
	s.tidy()
	st := s.State
	if len(st.Codes) != 0 || len(st.Media) != 0 || len(st.Small) != 10 || len(st.Posts) != 10 || len(st.Access) != simkit.MaxTokens || len(st.Refresh) != simkit.MaxTokens {
		t.Errorf("left are %d codes, %d uploads, %d pictures, %d posts, %d and %d tokens", len(st.Codes), len(st.Media), len(st.Small), len(st.Posts), len(st.Access), len(st.Refresh))
	}
	if _, ok := st.Small["m99"]; !ok {
		t.Error("the picture of the newest post is gone")
	}
}
