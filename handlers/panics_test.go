package handlers

import (
	"errors"
	"log/slog"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/canary"
	"github.com/bandstand-app/bandstand/internal/club"
)

// TestPanicsKeepSecrets: a handler that panics with a secret in hand is told of
// by its type and place, and its visitor sees an id that the log knows (rule W10).
func TestPanicsKeepSecrets(t *testing.T) {
	t.Parallel()
	const secret = "canary-in-hand"
	var flock canary.Flock
	flock.Add(secret, secret)
	log := &logBook{}
	s := newScene(t, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	s.web.Config.ErrorLog = slog.NewLogLogger(s.server.Log.Handler(), slog.LevelWarn)
	hands := map[string]any{
		"text": secret, "error": errors.New(secret), "struct": struct{ Token string }{secret}, "bytes": []byte(secret),
		"answer": echo.NewHTTPError(http.StatusInternalServerError, secret),
	}
	for name, v := range hands {
		s.server.Add([]web.Route{
			web.Get("/panics/"+name, club.Public, func(echo.Context) error { panic(v) }, web.Machine),
			web.Get("/panics/late/"+name, club.Public, func(c echo.Context) error {
				c.Response().Before(func() { panic(v) }) // while the page of the error is sent
				return errors.New("first")
			}, web.Machine),
		})
	}
	for name := range hands {
		a := s.as("").get("/panics/" + name).want(http.StatusInternalServerError)
		id := regexp.MustCompile(`[0-9A-F]{8}`).FindString(a.doc().Find(".meta").Text())
		if id == "" || !strings.Contains(log.String(), "id="+id+" stack=") {
			t.Errorf("%s: the id %q of the page is not in the log", name, id)
		}
		if seen := flock.Find([]byte(a.body)); len(seen) > 0 {
			t.Errorf("%s: the page shows %v: %s", name, seen, a.text())
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.web.URL+"/panics/late/"+name, nil)
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := http.DefaultClient.Do(r); err == nil {
			t.Errorf("%s: an answer that could not be made is %d", name, resp.StatusCode)
			resp.Body.Close()
		}
	}
	said := log.String()
	if seen := flock.Find([]byte(said)); len(seen) > 0 {
		i := strings.Index(said, secret)
		t.Errorf("the log shows %v: %s", seen, said[max(0, i-300):min(len(said), i+100)])
	}
	if !strings.Contains(said, "panics_test.go") {
		t.Error("the log does not say where")
	}
}
