package apihttp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/apihttp"
)

func TestDateOfAnAnswerThatWasMadeNow(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		header http.Header
		want   time.Time
	}{
		{http.Header{"Date": {"Tue, 24 Nov 2026 18:30:00 GMT"}}, now},
		{http.Header{"Date": {"Tuesday, 24-Nov-26 18:30:00 GMT"}}, now},
		{http.Header{"Date": {"Tue Nov 24 18:30:00 2026"}}, now},
		{http.Header{"Date": {"Thu, 01 Jan 1970 00:00:00 GMT"}}, time.Unix(0, 0)},
		{http.Header{"Date": {"Tue, 24 Nov 2026 18:30:00 GMT"}, "Age": {"30"}}, time.Time{}},
		{http.Header{"Date": {"Tue, 24 Nov 2026 18:30:00 GMT"}, "Age": {"0"}}, time.Time{}},
		{http.Header{"Date": {"2026-11-24T18:30:00Z"}}, time.Time{}},
		{http.Header{"Date": {""}}, time.Time{}},
		{http.Header{}, time.Time{}},
	} {
		if got := apihttp.Date(tt.header); !got.Equal(tt.want) {
			t.Errorf("%v: got %v, want %v", tt.header, got, tt.want)
		}
	}
}

// TestEveryAnswerTellsTheTime, good or bad, and whether it comes to its end.
func TestEveryAnswerTellsTheTime(t *testing.T) {
	t.Parallel()
	answers := map[string]http.HandlerFunc{
		"good":      func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{}`)) },
		"refusal":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"failure":   func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"elsewhere": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/x", http.StatusTemporaryRedirect) },
		"cut off": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			_, _ = w.Write([]byte("{"))
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
	}
	for name, answer := range answers {
		var methods []string
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			methods = append(methods, r.Method+" "+r.URL.String()+" "+r.Header.Get("Authorization"))
			w.Header().Set("Date", now.Format(http.TimeFormat))
			answer(w, r)
		}))
		client := server.Client()
		client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		c := &apihttp.Client{HTTP: client}
		var seen []time.Time
		ctx := platforms.WatchDates(t.Context(), func(host string, date time.Time) {
			if host != strings.TrimPrefix(server.URL, "http://") {
				t.Errorf("%s: %s answered", name, host)
			}
			seen = append(seen, date)
		})
		_, _ = c.Do(ctx, apihttp.Request{Method: http.MethodGet, URL: server.URL})
		if err := c.AskTime(ctx, server.URL); err != nil {
			t.Errorf("%s: asked for the time: %v", name, err)
		}
		server.Close()
		if len(seen) != 2 || !seen[0].Equal(now) || !seen[1].Equal(now) {
			t.Errorf("%s: told %v, want twice %v", name, seen, now)
		}
		if got := strings.Join(methods, ", "); got != "GET / , HEAD / " {
			t.Errorf("%s: asked by %s", name, got)
		}
		if err := c.AskTime(context.WithoutCancel(ctx), server.URL); platforms.KindOf(err) != platforms.NotSent {
			t.Errorf("%s: nobody there, and %v", name, err)
		}
	}
}
