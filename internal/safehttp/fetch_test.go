package safehttp

import (
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
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
		n, _ := strconv.Atoi(r.PathValue("n"))
		next := fmt.Sprintf("/hop/%d?secret=1", n-1)
		if n == 1 {
			next = "/page"
		}
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
		{"/hop/10", page, nil},
		{"/hop/11", "", ErrRedirects},
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

func TestAnswerWithOddContentTypeIsRead(t *testing.T) {
	t.Parallel()
	const page = "<!doctype html><title>Cup final</title>"
	const jpeg = "\xff\xd8\xff\xe0\x00\x10JFIF\x00"
	var header []string
	var body string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = header
		fmt.Fprint(w, body)
	}))
	t.Cleanup(srv.Close)
	u := NewUntrusted(Settings{Exceptions: prefixes("127.0.0.0/8")})
	html, picture := Want{Types: []string{"text/html"}, MaxBytes: 2000}, Want{Types: []string{"image/jpeg", "image/png"}, MaxBytes: 2000, ByBytes: true}
	for _, tt := range []struct {
		header []string
		body   string
		want   Want
		ok     bool
	}{
		{[]string{"text/html; charset=utf-8;;"}, page, html, true},
		{[]string{"text/html; charset: utf-8"}, page, html, true},
		{[]string{"Text/HTML ;charset"}, page, html, true},
		{[]string{"text/html, text/html; charset=utf-8"}, page, html, true},
		{[]string{"text/html", "text/plain"}, page, html, true},
		{nil, page, html, true},
		{[]string{""}, page, html, true},
		{[]string{"*/*"}, page, html, true},
		{[]string{"html"}, page, html, true},
		{nil, "%PDF-1.7", html, false},
		{nil, "Cup final", html, false},
		{[]string{"text/plain"}, page, html, false},
		{[]string{"application/pdf; charset=utf-8;;"}, page, html, false},
		{[]string{"image/jpg"}, jpeg, picture, true},
		{[]string{"application/octet-stream"}, jpeg, picture, true},
		{[]string{"text/html"}, jpeg, picture, true},
		{nil, jpeg, picture, true},
		{[]string{"image/jpeg"}, page, picture, false},
	} {
		header, body = tt.header, tt.body
		d, err := u.Get(t.Context(), srv.URL, tt.want)
		if ok := err == nil && string(d.Body) == tt.body; ok != tt.ok || !tt.ok && !errors.Is(err, ErrType) {
			t.Errorf("%q with %.15q: read %t, %v; want %t", tt.header, tt.body, ok, err, tt.ok)
		}
	}
}

func TestBeginningOfALargePageIsTaken(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		if r.URL.Path == "/cut" {
			w.Header().Set("Content-Length", "500")
			fmt.Fprint(w, strings.Repeat("x", 100))
			return
		}
		fmt.Fprint(w, strings.Repeat("x", 100_000))
	}))
	t.Cleanup(srv.Close)
	u := NewUntrusted(Settings{Exceptions: prefixes("127.0.0.0/8")})
	for path, want := range map[string]int{"/large": 2000, "/cut": 100} {
		d, err := u.Get(t.Context(), srv.URL+path, Want{Types: []string{"text/html"}, MaxBytes: 2000, Partial: true})
		if err != nil || len(d.Body) != want {
			t.Errorf("%s: %d bytes, %v; want %d", path, len(d.Body), err, want)
		}
	}
}

func TestServerThatWantsAcceptIsSentIt(t *testing.T) {
	t.Parallel()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/page", http.StatusFound)
			return
		}
		if !strings.Contains(r.Header.Get("Accept"), "text/html") || r.Header.Get("Accept-Language") == "" {
			w.WriteHeader(http.StatusNotAcceptable)
			return
		}
		w.Header().Set("Content-Type", "text/html")
	}))
	t.Cleanup(srv.Close)
	u := NewUntrusted(Settings{Exceptions: prefixes("127.0.0.0/8")})
	for _, accept := range []string{"", "text/html,*/*;q=0.1"} {
		if _, err := u.Get(t.Context(), srv.URL, Want{Types: []string{"text/html"}, MaxBytes: 2000, Accept: accept}); err != nil {
			t.Errorf("Accept %q: %v", accept, err)
		}
	}
}
