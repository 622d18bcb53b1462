package linkedin

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// TestACommentIsNamedByWhateverTheAnswerNames: versions differ in what they call its
// name, and in whether they send more than its number.
func TestACommentIsNamedByWhateverTheAnswerNames(t *testing.T) {
	t.Parallel()
	const post, page = "urn:li:share:7001", "https://www.linkedin.com/feed/update/urn:li:share:7001/"
	for name, c := range map[string]struct{ header, body, want, address string }{
		"$URN": {
			"9", `{"$URN":"urn:li:comment:(urn:li:activity:8,9)","id":9}`,
			"urn:li:comment:(urn:li:activity:8,9)", page + "?commentUrn=urn%3Ali%3Acomment%3A%28activity%3A8%2C9%29",
		},
		"commentUrn": {
			"", `{"commentUrn":"urn:li:comment:(urn:li:activity:8,9)"}`,
			"urn:li:comment:(urn:li:activity:8,9)", page + "?commentUrn=urn%3Ali%3Acomment%3A%28activity%3A8%2C9%29",
		},
		"number and object": {
			"", `{"id":"9","object":"urn:li:activity:8"}`,
			"urn:li:comment:(urn:li:activity:8,9)", page + "?commentUrn=urn%3Ali%3Acomment%3A%28activity%3A8%2C9%29",
		},
		"a header alone": {
			"9", ``,
			"urn:li:comment:(urn:li:share:7001,9)", page + "?commentUrn=urn%3Ali%3Acomment%3A%28share%3A7001%2C9%29",
		},
		"nothing":          {"", `{}`, "", ""},
		"no number":        {"9;DROP", `{"object":"urn:li:activity:8"}`, "", ""},
		"a name of a post": {"", `{"$URN":"urn:li:share:9"}`, "", ""},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if c.header != "" {
				w.Header().Set("x-restli-id", c.header)
			}
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprint(w, c.body)
		}))
		p := New(platforms.Env{
			HTTP: server.Client(), Endpoints: map[string]string{"api": server.URL, "web": "https://www.linkedin.com"}, Now: time.Now,
		}).(*Platform)
		at := platforms.Ref{ID: post}
		pub := platforms.Publication{Draft: platforms.Draft{Text: "Sign up"}, Reply: &platforms.ReplyTo{Root: at, Parent: at}}
		got, err := p.Perform(t.Context(), platforms.Session{Account: platforms.Account{RemoteID: "1"}}, pub, nil, p.Plan(pub, nil))
		server.Close()
		if c.want == "" {
			if platforms.KindOf(err) != platforms.Unknown || err == nil {
				t.Errorf("%s: got %+v, %v, want an unclear answer", name, got, err)
			}
			continue
		}
		if err != nil || got.RemoteID != c.want || got.RemoteURL != c.address {
			t.Errorf("%s: got %q at %q, %v; want %q at %q", name, got.RemoteID, got.RemoteURL, err, c.want, c.address)
		}
	}
}
