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
	s := New(platforms.SimEnv{Now: func() time.Time { return now }, Posts: 20}).(*server)
	for i := range 3 * simkit.MaxTokens {
		s.State.Tokens[fmt.Sprint(i)] = &token{Used: now.Add(time.Duration(i) * time.Second)}
	}
	for i := range 100 {
		n := fmt.Sprint(i)
		s.State.Codes[n] = &code{Expires: now.Add(codeLife)}
		for j := range 3 {
			s.State.Agreed[fmt.Sprint(i, j)] = now.Add(time.Duration(i) * time.Minute)
		}
		for _, name := range []string{"m" + n, "lost" + n} {
			s.State.Photos[name] = &photo{SHA: "photo " + name, Made: now}
			s.State.Containers[name] = &container{SHA: "box " + name, Made: now}
			s.State.Pictures["photo "+name], s.State.Pictures["box "+name] = simkit.Picture{}, simkit.Picture{}
		}
		s.State.PagePosts["f"+n] = &post{Photos: []string{"m" + n}}
		s.State.Media["i"+n] = &media{Containers: []string{"m" + n}}
		s.State.Stories["s"+n] = &story{Photo: "lost" + n}
		s.State.Comments["cf"+n] = &comment{Platform: facebook, ID: "cf" + n}
		s.State.Comments["ci"+n] = &comment{Platform: instagram, ID: "ci" + n}
		s.Publish(platforms.SimPost{Platform: facebook, ID: "f" + n})
		s.Publish(platforms.SimPost{Platform: instagram, ID: "i" + n})
	}
	s.tidy()
	if st := s.State; len(st.Codes) != 100 || len(st.Pictures) != 400 {
		t.Errorf("too early: %d codes, %d pictures", len(st.Codes), len(st.Pictures))
	}
	now = now.Add(2*photoLife + time.Second)
	s.tidy()
	st := s.State
	for what, n := range map[string][2]int{
		"stories": {len(st.Stories), 0}, "comments": {len(st.Comments), 0}, "codes": {len(st.Codes), 0}, "photos": {len(st.Photos), 10}, "containers": {len(st.Containers), 10}, "pictures": {len(st.Pictures), 20},
		"posts of the Page": {len(st.PagePosts), 10}, "posts of the account": {len(st.Media), 10}, "tokens": {len(st.Tokens), simkit.MaxTokens}, "apps": {len(st.Agreed), maxApps},
	} {
		if n[0] != n[1] {
			t.Errorf("%d %s are left, want %d", n[0], what, n[1])
		}
	}
	if _, ok := st.Pictures["photo m99"]; !ok {
		t.Error("the picture of the newest post is gone")
	}
}
