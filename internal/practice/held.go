package practice

import (
	"bytes"
	"io"
	"net/http"
)

// arrived is the body of a request that is all there, up to where it was cut off.
type arrived struct {
	io.Reader
	end error // nil: it ended well
}

// Read implements io.Reader.
func (a *arrived) Read(b []byte) (int, error) {
	n, err := a.Reader.Read(b)
	if err == io.EOF && a.end != nil { //nolint:errorlint // as bytes.Reader says it
		err = a.end
	}
	return n, err
}

// Close implements io.Closer.
func (a *arrived) Close() error { return nil }

// held keeps an answer back until it is sent. One that is flushed is on its way
// from then on: that is how a simulator plays answers that never end.
type held struct {
	to     http.ResponseWriter
	status int
	body   bytes.Buffer
	sent   bool
}

// Header implements http.ResponseWriter.
func (h *held) Header() http.Header { return h.to.Header() }

// WriteHeader implements http.ResponseWriter.
func (h *held) WriteHeader(status int) {
	if h.status == 0 && status >= http.StatusOK {
		h.status = status
	}
}

// Write implements http.ResponseWriter.
func (h *held) Write(b []byte) (int, error) {
	h.WriteHeader(http.StatusOK)
	if h.sent {
		return h.to.Write(b)
	}
	return h.body.Write(b)
}

// Flush implements http.Flusher.
func (h *held) Flush() {
	h.WriteHeader(http.StatusOK)
	h.send()
	_ = http.NewResponseController(h.to).Flush()
}

// send lets the answer go. A reader who has left will not miss it.
func (h *held) send() {
	if h.sent || h.status == 0 {
		return
	}
	h.sent = true
	h.to.WriteHeader(h.status)
	_, _ = h.to.Write(h.body.Bytes())
}
