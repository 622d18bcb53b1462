package safehttp

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"
)

// packed compresses n times a million zeros, once for each writer.
func packed(t *testing.T, n int, wrap ...func(io.Writer) io.WriteCloser) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.Writer = &b
	var all []io.WriteCloser
	for _, f := range wrap {
		c := f(w)
		all = append(all, c)
		w = c
	}
	zeros := make([]byte, 1_000_000)
	for range n {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	for i := len(all) - 1; i >= 0; i-- {
		if err := all[i].Close(); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func zip(w io.Writer) io.WriteCloser {
	z, err := gzip.NewWriterLevel(w, gzip.BestSpeed)
	if err != nil {
		panic(err)
	}
	return z
}

func deflate(w io.Writer) io.WriteCloser {
	f, err := flate.NewWriter(w, flate.BestSpeed)
	if err != nil {
		panic(err)
	}
	return f
}

// raw answers with bytes that no server of net/http would send. rest is sent
// over and over until the client goes, if there is any.
func raw(first, rest string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, err = io.WriteString(conn, first)
		for err == nil && rest != "" {
			_, err = io.WriteString(conn, rest)
		}
	}
}

// says answers with a header, then with a body.
func says(header, body string) http.HandlerFunc {
	return raw("HTTP/1.1 200 OK\r\nConnection: close\r\n"+header+"\r\n\r\n"+body, "")
}

// TestAnswersThatNobodyShouldRead: what a page sends costs neither time nor
// memory beyond the limits of rule O4.
func TestAnswersThatNobodyShouldRead(t *testing.T) {
	// Not parallel: it measures memory.
	const limit = 1 << 20
	const html = "Content-Type: text/html"
	bomb := packed(t, 100, zip)
	anyFault := errors.New("any")
	tests := []struct {
		name  string
		serve http.HandlerFunc
		want  error // nil: read, in bounds
	}{
		{"gzip bomb", says(html+"\r\nContent-Encoding: gzip", string(bomb)), ErrTooLarge},
		{"gzip bomb in a gzip bomb", says(html+"\r\nContent-Encoding: gzip", string(packed(t, 1, zip, zip))), nil},
		{"gzip, named twice", says(html+"\r\nContent-Encoding: gzip, gzip", string(packed(t, 100, zip, zip))), nil},
		{"deflate bomb, which nobody asked for", says(html+"\r\nContent-Encoding: deflate", string(packed(t, 100, deflate))), nil},
		{"br, which nobody asked for", says(html+"\r\nContent-Encoding: br", string(bomb)), nil},
		{"zstd, which nobody asked for", says(html+"\r\nContent-Encoding: zstd", "\x28\xb5\x2f\xfd"), nil},
		{"gzip that is none", says(html+"\r\nContent-Encoding: gzip", "<title>x"), anyFault},
		{"gzip that is cut off", says(html+"\r\nContent-Encoding: gzip", string(bomb[:1000])), anyFault},
		{"endless body", raw("HTTP/1.1 200 OK\r\n"+html+"\r\n\r\n", strings.Repeat("<p>", 10_000)), ErrTooLarge},
		{"endless chunks", raw("HTTP/1.1 200 OK\r\n"+html+"\r\nTransfer-Encoding: chunked\r\n\r\n", "3e8\r\n"+strings.Repeat("x", 1000)+"\r\n"), ErrTooLarge},
		{"body that is larger than it says", says(html+"\r\nContent-Length: 5", strings.Repeat("x", 5000)), nil},
		{"body that is smaller than it says", says(html+"\r\nContent-Length: 5000", "x"), anyFault},
		{"length below nothing", says(html+"\r\nContent-Length: -1", "x"), anyFault},
		{"two lengths", says(html+"\r\nContent-Length: 1\r\nContent-Length: 2", "xx"), anyFault},
		{"length beyond all", says(html+"\r\nContent-Length: 99999999999999999999", "x"), anyFault},
		{"chunk of no size", says(html+"\r\nTransfer-Encoding: chunked", "xyz\r\n"), anyFault},
		{"chunk with an endless extension", raw("HTTP/1.1 200 OK\r\n"+html+"\r\nTransfer-Encoding: chunked\r\n\r\n1;", strings.Repeat("a", 10_000)), anyFault},
		{"endless header", raw("HTTP/1.1 200 OK\r\nX: ", strings.Repeat("a", 10_000)), anyFault},
		{"endless headers", raw("HTTP/1.1 200 OK\r\n", "X: "+strings.Repeat("a", 1000)+"\r\n"), anyFault},
		{"header larger than allowed", says(html+"\r\nX: "+strings.Repeat("a", maxHeader), "x"), anyFault},
		{"endless trailers", raw("HTTP/1.1 200 OK\r\n"+html+"\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: "+strings.Repeat("a", 1000)+"\r\n"), anyFault},
		{"endless promises to continue", raw("", "HTTP/1.1 100 Continue\r\n\r\n"), anyFault},
		{"endless early hints", raw("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), anyFault},
		{"endless status", raw("HTTP/1.1 200 ", strings.Repeat("OK", 5000)), anyFault},
		{"HTTP/0.9", raw("<title>x</title>", ""), anyFault},
		{"another protocol", raw("SSH-2.0-OpenSSH_9\r\n", ""), anyFault},
		{"HTTP/9.9", raw("HTTP/9.9 200 OK\r\n"+html+"\r\n\r\nx", ""), nil},
		{"status of no number", raw("HTTP/1.1 abc OK\r\n\r\n", ""), anyFault},
		{"status 999", raw("HTTP/1.1 999 Go away\r\n"+html+"\r\n\r\nx", ""), anyFault},
		{"line ends in headers", says("X: a\rContent-Type: text/html", "x"), anyFault},
		{"no answer at all", raw("", ""), anyFault},
		{"no type", says("X: y", "<title>x"), nil},
		{"empty type", says("Content-Type: ", "<title>x"), nil},
		{"damaged type", says("Content-Type: text/html; charset=\"", "<title>x"), nil},
		{"no type and no page", says("X: y", "%PDF"), ErrType},
		{"pdf", says("Content-Type: application/pdf", "%PDF"), ErrType},
		{"svg", says("Content-Type: image/svg+xml", "<svg>"), ErrType},
		{"programs", says("Content-Type: application/octet-stream", "MZ"), ErrType},
		{"plain text", says("Content-Type: text/plain", "<title>x"), ErrType},
		{"two types", says("Content-Type: text/html, application/pdf", "x"), ErrType},
		{"switching protocols", raw("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", ""), anyFault},
		{"a question for a password", raw("HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n", ""), anyFault},
		{"no content", raw("HTTP/1.1 204 No Content\r\n\r\n", ""), anyFault},
		{"a part of it", raw("HTTP/1.1 206 Partial Content\r\n"+html+"\r\nContent-Length: 1\r\n\r\nx", ""), anyFault},
	}
	for _, tt := range tests {
		srv := httptest.NewServer(tt.serve)
		u := NewUntrusted(Settings{Exceptions: prefixes("127.0.0.0/8", "::1/128")})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		d, err := u.Get(t.Context(), srv.URL, Want{Types: []string{"text/html"}, MaxBytes: limit})
		runtime.ReadMemStats(&after)
		srv.Close()
		switch {
		case tt.want == nil && err != nil, tt.want != nil && err == nil, tt.want != nil && !errors.Is(tt.want, anyFault) && !errors.Is(err, tt.want):
			t.Errorf("%s: %d bytes, %v; want %v", tt.name, len(d.Body), err, tt.want)
		case err == nil && len(d.Body) > limit:
			t.Errorf("%s: %d bytes were read", tt.name, len(d.Body))
		}
		// Of the other end's goroutine, too.
		if used := after.TotalAlloc - before.TotalAlloc; used > 32*limit {
			t.Errorf("%s: took %d MiB of memory", tt.name, used>>20)
		}
	}
}

// TestSlowAnswersEndInTime: the limit is one for the whole reading, whatever
// arrives meanwhile.
func TestSlowAnswersEndInTime(t *testing.T) {
	t.Parallel()
	if fetchTimeout > 10*time.Second || connectTimeout > 10*time.Second || tlsTimeout > 10*time.Second || headerTimeout > 30*time.Second {
		t.Errorf("limits are %v, %v, %v, %v", fetchTimeout, connectTimeout, tlsTimeout, headerTimeout)
	}
	drip := func(first, drop string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				return
			}
			defer conn.Close()
			_, err = io.WriteString(conn, first)
			for tick := time.NewTicker(5 * time.Millisecond); err == nil; <-tick.C {
				_, err = io.WriteString(conn, drop)
			}
		}
	}
	for name, serve := range map[string]http.HandlerFunc{
		"header":   drip("HTTP/1.1 200 OK\r\nX: ", "a"),
		"headers":  drip("HTTP/1.1 200 OK\r\n", "X: a\r\n"),
		"body":     drip("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", "a"),
		"chunks":   drip("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\na\r\n"),
		"promises": drip("", "HTTP/1.1 103 Early Hints\r\n\r\n"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(serve)
			t.Cleanup(srv.Close)
			u := NewUntrusted(Settings{Exceptions: prefixes("127.0.0.0/8", "::1/128")})
			u.client.Timeout = 100 * time.Millisecond
			if _, err := u.Get(t.Context(), srv.URL, Want{Types: []string{"text/html"}, MaxBytes: 1 << 20}); err == nil {
				t.Error("it was read to an end that it does not have")
			}
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			u.client.Timeout = 0
			if _, err := u.Get(ctx, srv.URL, Want{Types: []string{"text/html"}, MaxBytes: 1 << 20}); err == nil {
				t.Error("it was read beyond its context")
			}
		})
	}
}

// TestStrangersAreNotTrusted: a certificate that nobody vouches for, and a
// server that talks plainly on the port of encryption.
func TestStrangersAreNotTrusted(t *testing.T) {
	t.Parallel()
	var asked bool
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	t.Cleanup(plain.Close)
	_, port, _ := net.SplitHostPort(plain.Listener.Addr().String())
	s := Settings{Exceptions: prefixes("127.0.0.0/8", "::1/128"), resolver: zone{"club.test": "127.0.0.1"}.resolver()}
	for _, address := range []string{secure.URL, "https://127.0.0.1:" + port, fmt.Sprintf("https://club.test:%s/", port)} {
		if _, err := NewUntrusted(s).Get(t.Context(), address, Want{Types: []string{"text/html"}, MaxBytes: 100}); err == nil {
			t.Errorf("%s was read", address)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader("token"))
		if err != nil {
			t.Fatal(err)
		}
		if resp, err := Platform(s).Do(req); err == nil && resp.StatusCode != http.StatusBadRequest {
			_ = resp.Body.Close()
			t.Errorf("the platform client reached %s", address)
		}
	}
	if asked {
		t.Error("a request arrived")
	}
}
