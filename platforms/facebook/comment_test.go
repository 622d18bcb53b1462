package facebook

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// TestACommentOfSomebodyElseIsNotTakenForOurs: the same words a moment later are ours
// only if the Page wrote them, and a comment without an author is nobody's.
func TestACommentOfSomebodyElseIsNotTakenForOurs(t *testing.T) {
	t.Parallel()
	tried := time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)
	const at, ours = `"created_time":"2026-11-24T18:30:05+0000"`, `"from":{"id":"1001"}`
	for comment, want := range map[string]platforms.Verdict{
		`{"id":"2_1","message":"Sign up",` + ours + `,` + at + `}`:                                platforms.SeenPublic,
		`{"id":"2_1","message":"Sign  up\n",` + ours + `,` + at + `}`:                             platforms.SeenPublic,
		`{"id":"2_1","message":"Sign up","from":{"id":"4004"},` + at + `}`:                        platforms.SeenNothing,
		`{"id":"2_1","message":"Sign up",` + at + `}`:                                             platforms.SeenNothing,
		`{"id":"2_1","message":"Sign up","from":null,` + at + `}`:                                 platforms.SeenNothing,
		`{"id":"2_1","message":"Sign off",` + ours + `,` + at + `}`:                               platforms.SeenNothing,
		`{"id":"2_1","message":"Sign up",` + ours + `,"created_time":"2026-11-24T18:27:59+0000"}`: platforms.SeenNothing,
	} {
		asked := ""
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = r.URL.Query().Get("filter") + " " + r.URL.Query().Get("order")
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"data":[%s]}`, comment)
		}))
		t.Cleanup(server.Close)
		p := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL, "dialog": "https://www.example"}})
		s := platforms.Session{Account: platforms.Account{RemoteID: "1001"}}
		pub := platforms.Publication{Draft: platforms.Draft{Text: "Sign up"}, Reply: &platforms.ReplyTo{Parent: platforms.Ref{ID: "1001_2"}}}
		e, err := p.Settle(t.Context(), s, pub, nil, tried)
		if err != nil || e.Verdict != want || asked != "toplevel reverse_chronological" {
			t.Errorf("%s: got %+v, %v, want %s; asked for %q", comment, e, err, want, asked)
		}
	}
}

// TestStoryIsFoundByItsPhoto: ids and times come as text and as numbers.
func TestStoryIsFoundByItsPhoto(t *testing.T) {
	t.Parallel()
	done := []platforms.StepResult{{Kind: stepUpload, Ref: "555", State: platforms.StepDone}}
	for list, want := range map[string]string{
		`{"post_id":"77","media_id":"555","creation_time":"1795545005","url":"https://www.example/stories/77"}`: "77",
		`{"post_id":77,"media_id":555,"creation_time":1795545005}`:                                              "77",
		`{"post_id":"77","media_id":"556","creation_time":"1795545005"}`:                                        "",
		`{"media_id":"555","creation_time":"1795545005"}`:                                                       "",
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"data":[%s]}`, list)
		}))
		t.Cleanup(server.Close)
		p := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL}})
		pub := platforms.Publication{Draft: platforms.Draft{Format: platforms.FormatStory, Media: make([]platforms.Media, 1)}}
		e, err := p.Settle(t.Context(), platforms.Session{}, pub, done, time.Unix(1795545000, 0))
		if err != nil || e.RemoteID != want || (e.Verdict == platforms.SeenPublic) != (want != "") {
			t.Errorf("%s: got %+v, %v, want %q", list, e, err, want)
		}
		if want != "" && e.PublishedAt.Unix() != 1795545005 {
			t.Errorf("%s: published at %v", list, e.PublishedAt)
		}
	}
}
