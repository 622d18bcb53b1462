package practice

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
)

var quiet = slog.New(slog.NewTextHandler(io.Discard, nil))

func inProcessClient(h http.HandlerFunc) *http.Client {
	return &http.Client{Transport: InProcess(h, nil, quiet)}
}

// call makes one request and tells whether the transport said that it was
// written.
func call(t *testing.T, ctx context.Context, h http.HandlerFunc, body io.Reader) (*http.Response, bool, error) {
	t.Helper()
	var wrote atomic.Bool
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaders: func() { wrote.Store(true) }})
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://club.example/practice/t/x?q=1", body)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := inProcessClient(h).Do(req)
	return resp, wrote.Load(), err
}

func TestInProcessIsARequestAsAServerSeesIt(t *testing.T) {
	t.Parallel()
	resp, wrote, err := call(t, t.Context(), func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if r.RequestURI != "/practice/t/x?q=1" || r.Host != "club.example" || r.URL.Host != "" || r.FormValue("q") != "1" {
			t.Errorf("got %s %s %v", r.RequestURI, r.Host, r.URL)
		}
		w.Header().Set("X-Seen", string(b))
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte("made"))
	}, strings.NewReader("four horns"))
	if err != nil || !wrote {
		t.Fatal(err, wrote)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || string(b) != "made" || resp.StatusCode != http.StatusCreated || resp.Header.Get("X-Seen") != "four horns" {
		t.Errorf("got %d %q %v %v", resp.StatusCode, b, resp.Header, err)
	}
}

func TestInProcessAbortIsAConnectionThatDies(t *testing.T) {
	t.Parallel()
	acted := false
	_, wrote, err := call(t, t.Context(), func(http.ResponseWriter, *http.Request) {
		acted = true
		panic(http.ErrAbortHandler)
	}, strings.NewReader("x"))
	if !errors.Is(err, io.ErrUnexpectedEOF) || !wrote || !acted {
		t.Errorf("got %v, written %v, acted %v; want an unexpected EOF after the request was written", err, wrote, acted)
	}

	for name, h := range map[string]http.HandlerFunc{
		"aborted in the middle": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("half"))
			panic(http.ErrAbortHandler)
		},
		"shorter than announced": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "4096")
			_, _ = w.Write([]byte("half"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			resp, _, err := call(t, t.Context(), h, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if string(b) != "half" || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("got %q, %v; want half of it and an unexpected EOF", b, err)
			}
		})
	}
}

func TestInProcessHonoursCancelling(t *testing.T) {
	t.Parallel()
	t.Run("before", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, wrote, err := call(t, ctx, func(http.ResponseWriter, *http.Request) { t.Error("the handler ran") }, nil)
		if !errors.Is(err, context.Canceled) || wrote {
			t.Errorf("got %v, written %v", err, wrote)
		}
	})
	t.Run("while waiting for the answer", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		_, wrote, err := call(t, ctx, func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
			close(ended)
		}, nil)
		if !errors.Is(err, context.Canceled) || !wrote {
			t.Errorf("got %v, written %v", err, wrote)
		}
		<-ended
	})
	t.Run("in the middle of the answer", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		free := make(chan struct{})
		defer close(free)
		resp, _, err := call(t, ctx, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("half"))
			<-free // deaf to cancelling
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_, _ = io.ReadFull(resp.Body, make([]byte, 4))
		cancel()
		if _, err := io.ReadAll(resp.Body); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

func TestInProcessStreamsLargeBodies(t *testing.T) {
	t.Parallel()
	const size = 20 << 20
	resp, _, err := call(t, t.Context(), func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w, r.Body)
	}, bytes.NewReader(make([]byte, size)))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	n, err := io.Copy(io.Discard, resp.Body)
	if n != size || err != nil {
		t.Errorf("got %d bytes, %v; want %d", n, err, size)
	}
}

func TestInProcessStopsTheHandlerOfAReaderWhoLeaves(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	resp, _, err := call(t, t.Context(), func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 1024)); err != nil {
				ended <- r.Context().Err()
				return
			}
		}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("the handler's context says %v", err)
	}
}
