package safehttp

import (
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func TestUntrustedGet(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	html := func(w http.ResponseWriter) { w.Header().Set("Content-Type", "text/html; charset=utf-8") }
	mux.HandleFunc("/page", func(w http.ResponseWriter, r *http.Request) {
		html(w)
		fmt.Fprintf(w, "agent %s referer %q cookie %q", r.UserAgent(), r.Referer(), r.Header.Get("Cookie"))
	})
	mux.HandleFunc("/hop/{n}", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
		next := map[string]string{"3": "/hop/2?secret=1", "2": "/hop/1", "1": "/page", "4": "/hop/3"}[r.PathValue("n")]
		http.Redirect(w, r, next, http.StatusFound)
	})
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) {
		html(w)
		fmt.Fprint(w, strings.Repeat("x", 2001))
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		html(w)
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		for range 1000 {
			fmt.Fprint(z, strings.Repeat("x", 1000))
		}
		_ = z.Close()
	})
	mux.HandleFunc("/pdf", func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "application/pdf") })
	mux.HandleFunc("/none", func(w http.ResponseWriter, _ *http.Request) { w.Header()["Content-Type"] = nil; fmt.Fprint(w, "x") })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, _ *http.Request) {
		html(w)
		w.Header().Set("Content-Length", "500")
		fmt.Fprint(w, "short")
	})
	srv := httptest.NewServer(mux)
	t.Cleanup(srv.Close)
	u := NewUntrusted(Settings{UserAgent: "Bandstand/1", Exceptions: prefixes("127.0.0.0/8")})

	const page = `agent Bandstand/1 referer "" cookie ""`
	anyErr := errors.New("any")
	tests := []struct {
		path, want string
		err        error
	}{
		{"/page#part", page, nil},
		{"/hop/1", page, nil},
		{"/hop/3", page, nil},
		{"/hop/4", "", ErrRedirects},
		{"/large", "", ErrTooLarge},
		{"/bomb", "", ErrTooLarge},
		{"/pdf", "", ErrType},
		{"/none", "", ErrType},
		{"/cut", "", anyErr},
		{"/missing", "", anyErr},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			d, err := u.Get(t.Context(), srv.URL+tt.path, Want{Types: []string{"text/html"}, MaxBytes: 2000})
			switch {
			case tt.err == nil && (err != nil || string(d.Body) != tt.want || d.URL.Path != "/page"):
				t.Errorf("Get = %q at %v, %v; want %q", d.Body, d.URL, err, tt.want)
			case errors.Is(tt.err, anyErr) && err == nil, tt.err != nil && !errors.Is(tt.err, anyErr) && !errors.Is(err, tt.err):
				t.Errorf("error = %v, want %v", err, tt.err)
			case err != nil && strings.Contains(err.Error(), "secret"):
				t.Errorf("the error tells the query: %v", err)
			}
		})
	}
}

func TestPlainAddressIsReadEncrypted(t *testing.T) {
	t.Parallel()
	u := NewUntrusted(Settings{})
	for in, want := range map[string]string{
		"http://example.org/a?b#c":   "https://example.org/a?b",
		"http://example.org:80/":     "https://example.org/",
		"http://[2606:4700::1]/":     "https://[2606:4700::1]/",
		"https://example.org:443/#x": "https://example.org:443/",
	} {
		target := mustParse(t, in)
		if err := u.prepare(target); err != nil || target.String() != want {
			t.Errorf("prepare(%s) = %s, %v; want %s", in, target, err, want)
		}
	}
}

func mustParse(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
