package practice

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptrace"
	"runtime/debug"
	"strconv"
	"sync"
)

// InProcess is a transport that calls h instead of a server. It behaves as a
// connection does: the request counts as written from the moment h may act on
// it, a handler that gives up (http.ErrAbortHandler) is a connection that dies,
// and bodies stream both ways. allowed may refuse a request before any of it is
// written.
func InProcess(h http.Handler, allowed func(*http.Request) error, log *slog.Logger) http.RoundTripper {
	return &inProcess{h, allowed, log}
}

type inProcess struct {
	handler http.Handler
	allowed func(*http.Request) error
	log     *slog.Logger
}

func (t *inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	err := r.Context().Err()
	if err == nil && t.allowed != nil {
		err = t.allowed(r)
	}
	if err != nil {
		closeBody(r)
		return nil, err
	}
	ctx, cancel := context.WithCancel(r.Context())
	w := newAnswer(r, cancel)
	context.AfterFunc(ctx, func() { _ = w.body.CloseWithError(context.Cause(ctx)) })
	if trace := httptrace.ContextClientTrace(ctx); trace != nil {
		if trace.WroteHeaders != nil {
			trace.WroteHeaders()
		}
		if trace.WroteRequest != nil {
			trace.WroteRequest(httptrace.WroteRequestInfo{})
		}
	}
	go t.serve(w, received(ctx, r))
	select {
	case <-w.ready:
		if w.resp == nil {
			cancel()
			return nil, io.ErrUnexpectedEOF
		}
		return w.resp, nil
	case <-ctx.Done():
		cancel()
		return nil, ctx.Err()
	}
}

// received is the request as a server sees it.
func received(ctx context.Context, r *http.Request) *http.Request {
	in := r.Clone(ctx)
	in.RequestURI = r.URL.RequestURI()
	in.RemoteAddr = "127.0.0.1:0"
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	in.URL.Scheme, in.URL.Host, in.URL.User = "", "", nil
	if in.Body == nil {
		in.Body = http.NoBody
	}
	return in
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// serve runs the handler to its end and then ends the answer.
func (t *inProcess) serve(w *answer, r *http.Request) {
	defer closeBody(r)
	defer func() {
		v := recover()
		if err, ok := v.(error); v != nil && (!ok || !errors.Is(err, http.ErrAbortHandler)) {
			t.log.Error("panic in a practice platform", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
		}
		w.end(v == nil)
	}()
	t.handler.ServeHTTP(w, r)
}

// answer is the handler's side of a response.
type answer struct {
	request *http.Request
	header  http.Header
	body    *io.PipeWriter
	read    *body
	ready   chan struct{} // closed when resp is set, or will never be

	mu      sync.Mutex
	resp    *http.Response
	length  int64 // as the handler announced, -1 if it did not
	written int64
}

func newAnswer(r *http.Request, cancel context.CancelFunc) *answer {
	pr, pw := io.Pipe()
	return &answer{request: r, header: http.Header{}, body: pw, read: &body{pr, cancel}, ready: make(chan struct{}), length: -1}
}

// body ends the handler's context when the caller has read enough.
type body struct {
	*io.PipeReader
	cancel context.CancelFunc
}

func (b *body) Close() error {
	b.cancel()
	return b.PipeReader.Close()
}

// Header implements http.ResponseWriter.
func (w *answer) Header() http.Header { return w.header }

// WriteHeader implements http.ResponseWriter.
func (w *answer) WriteHeader(status int) { w.start(status, nil) }

func (w *answer) start(status int, first []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.resp != nil || status < http.StatusOK {
		return
	}
	if first != nil && w.header.Get("Content-Type") == "" {
		w.header.Set("Content-Type", http.DetectContentType(first))
	}
	if n, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64); err == nil && n >= 0 {
		w.length = n
	}
	w.resp = &http.Response{
		Status: fmt.Sprintf("%d %s", status, http.StatusText(status)), StatusCode: status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: w.header.Clone(), Body: w.read, ContentLength: w.length, Request: w.request,
	}
	close(w.ready)
}

// Write implements http.ResponseWriter.
func (w *answer) Write(b []byte) (int, error) {
	w.start(http.StatusOK, b)
	if w.request.Method == http.MethodHead {
		return len(b), nil
	}
	n, err := w.body.Write(b)
	w.written += int64(n)
	return n, err
}

// Flush implements http.Flusher: nothing is held back but the header.
func (w *answer) Flush() { w.start(http.StatusOK, nil) }

// end closes the answer: properly, or as a connection that dies. A handler that
// wrote less than it announced dies too.
func (w *answer) end(well bool) {
	if well {
		w.start(http.StatusOK, nil)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.resp == nil {
		close(w.ready)
		return
	}
	short := w.length > w.written && w.request.Method != http.MethodHead
	if !well || short {
		_ = w.body.CloseWithError(io.ErrUnexpectedEOF)
		return
	}
	_ = w.body.Close()
}
