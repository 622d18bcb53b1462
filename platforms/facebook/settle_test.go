package facebook

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
)

// A server that ignores "since" must not make an old post pass for ours.
func TestSettleLooksAtTheTimeItself(t *testing.T) {
	t.Parallel()
	tried := time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC)
	for created, want := range map[string]platforms.Verdict{
		"2026-11-24T18:30:05+0000": platforms.SeenPublic,
		"2026-11-24T18:28:00+0000": platforms.SeenPublic, // clocks differ a little
		"2026-11-24T18:27:59+0000": platforms.SeenNothing,
		"2026-11-17T18:30:05+0000": platforms.SeenNothing,
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_, _ = fmt.Fprintf(w, `{"data":[{"id":"1001_1","message":"Saturday","created_time":%q},{"id":"1001_2"}]}`, created)
		}))
		t.Cleanup(server.Close)
		p := New(platforms.Env{HTTP: server.Client(), Endpoints: map[string]string{"graph": server.URL, "dialog": "https://www.example"}})
		e, err := p.Settle(t.Context(), platforms.Session{}, platforms.Publication{Draft: platforms.Draft{Text: "Saturday"}}, nil, tried)
		if err != nil || e.Verdict != want {
			t.Errorf("%s: got %+v, %v, want %s", created, e, err, want)
		}
		if want == platforms.SeenPublic && e.RemoteURL != "https://www.example/1001_1" {
			t.Errorf("address is %q", e.RemoteURL)
		}
	}
}
