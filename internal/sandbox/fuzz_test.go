package sandbox

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/cmd/bandstand/catalogue"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/platforms"
)

// FuzzSandboxFaults: whatever is sent to arm a fault, the sandbox arms one it
// knows or refuses in words, and goes on answering.
func FuzzSandboxFaults(f *testing.F) {
	for _, s := range []string{
		`{"platform":"x","operation":"publish","fault":"rate_limited","count":2,"percent":30}`,
		`{"platform":"facebook","operation":"*","fault":"reset_after","then":{"platform":"facebook","operation":"*","fault":"html","count":1}}`,
		`{"platform":"nowhere","operation":"publish","fault":"rate_limited"}`, `{"platform":"x","fault":"slow","count":-1,"percent":101}`,
		`{"platform":"x","operation":"publish","fault":"nonsense"}`, `{"unknown":1}`, `[]`, `null`, `{`, strings.Repeat(`{"then":`, 5000), `{"count":1e400}`, `{"platform":"x","operation":"publish","fault":"media"} trailing`,
	} {
		f.Add(s)
	}
	now := func() time.Time { return time.Date(2026, 11, 24, 18, 30, 0, 0, time.UTC) }
	world, err := practice.Open("", catalogue.New("dev").Simulate(platforms.SimEnv{BaseURL: "http://sandbox.example", Now: now}), slog.New(slog.DiscardHandler))
	if err != nil {
		f.Fatal(err)
	}
	sandbox := New(world, catalogue.New("dev").Describe())
	send := func(method, path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		sandbox.ServeHTTP(w, httptest.NewRequest(method, "http://sandbox.example"+path, strings.NewReader(body)))
		return w
	}
	f.Fuzz(func(t *testing.T, body string) {
		w := send(http.MethodPost, "/_sandbox/faults", body)
		said := w.Body.String()
		switch {
		case w.Code == http.StatusNoContent && said == "":
		case (w.Code == http.StatusBadRequest || w.Code == http.StatusUnprocessableEntity) && strings.HasPrefix(said, `{"error":"`):
		default:
			t.Errorf("%q: %d %s", body, w.Code, said)
		}
		if w := send(http.MethodDelete, "/_sandbox/faults", ""); w.Code != http.StatusNoContent {
			t.Errorf("after %q faults cannot be cleared: %d %s", body, w.Code, w.Body)
		}
		if w := send(http.MethodGet, "/_sandbox/posts", ""); w.Code != http.StatusOK || strings.TrimSpace(w.Body.String()) != "[]" {
			t.Errorf("after %q: %d %s", body, w.Code, w.Body)
		}
	})
}
