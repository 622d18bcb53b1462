package instagram

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// TestACommentOfSomebodyElseIsNotTakenForOurs: the same words a moment later are ours
// only if the account wrote them.
func TestACommentOfSomebodyElseIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	tried := time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)
	const at = `"timestamp":"2026-11-24T18:30:05+0000"`
	for comment, want := range map[string]platforms.Verdict{
		`{"id":"1","text":"Sign up","username":"riversidefc",` + at + `}`:                             platforms.SeenPublic,
		`{"id":"1","text":"Sign  up\n","username":"RiversideFC",` + at + `}`:                          platforms.SeenPublic,
		`{"id":"1","text":"Sign up","from":{"id":"9","username":"riversidefc"},` + at + `}`:           platforms.SeenPublic,
		`{"id":"1","text":"Sign up","username":"parent_of_two",` + at + `}`:                           platforms.SeenNothing,
		`{"id":"1","text":"Sign up",` + at + `}`:                                                      platforms.SeenNothing,
		`{"id":"1","text":"Sign off","username":"riversidefc",` + at + `}`:                            platforms.SeenNothing,
		`{"id":"1","text":"Sign up","username":"riversidefc","timestamp":"2026-11-24T18:27:59+0000"}`: platforms.SeenNothing,
		`{"text":"Sign up","username":"riversidefc",` + at + `}`:                                      platforms.SeenNothing,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/1790/comments") {
				t.Errorf("asked %s", r.URL.Path)
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"data":[%s]}`, comment)
		}))
		t.Cleanup(server.Close)
		p := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL}})
		s := platforms.Session{Account: platforms.Account{RemoteID: "17841", Handle: "riversidefc"}}
		pub := platforms.Publication{Draft: platforms.Draft{Text: "Sign up"}, Reply: &platforms.ReplyTo{Parent: platforms.Ref{ID: "1790"}}}
		e, err := p.Settle(t.Context(), s, pub, nil, tried)
		if err != nil || e.Verdict != want {
			t.Errorf("%s: got %+v, %v, want %s", comment, e, err, want)
		}
	}
}
