package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// patience is how long visitors are waited for (rule W8).
type patience struct {
	header  time.Duration // for the head of a request
	request time.Duration // for the rest of it, and the work; again once it is all there
	pace    int64         // bytes a second that earn a request more time to arrive
	most    time.Duration // that can be earned so
	answer  time.Duration // for taking the answer, beyond that
	idle    time.Duration // between requests
}

// usualPatience lets a picture of 5 MB arrive over the slowest line that a club
// may have.
func usualPatience() patience {
	return patience{
		header: 5 * time.Second, request: 30 * time.Second, pace: 16 << 10, most: 5 * time.Minute, answer: 2 * time.Minute, idle: 2 * time.Minute,
	}
}

// bound gives every request to next a deadline, which moves on while its body
// arrives as fast as it should.
func (p patience) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		a := &arrival{
			ReadCloser: r.Body, patience: p, conn: http.NewResponseController(w), start: time.Now(),
			timer: time.AfterFunc(p.request, func() { cancel(context.DeadlineExceeded) }),
		}
		defer a.timer.Stop()
		a.waitUntil(a.start.Add(p.request))
		r = r.WithContext(ctx)
		r.Body = a
		next.ServeHTTP(w, r)
	})
}

// arrival is the body of a request on its way.
type arrival struct {
	io.ReadCloser
	patience
	conn  *http.ResponseController
	timer *time.Timer
	start time.Time
	bytes int64
	all   bool
}

func (a *arrival) Read(b []byte) (int, error) {
	n, err := a.ReadCloser.Read(b)
	a.bytes += int64(n)
	switch earned := min(time.Duration(a.bytes)*time.Second/time.Duration(a.pace), a.most); {
	case errors.Is(err, io.EOF) && !a.all:
		a.all = true
		a.waitUntil(time.Now().Add(a.request))
	case err == nil && earned >= time.Second:
		a.waitUntil(a.start.Add(a.request + earned))
	}
	return n, err
}

// waitUntil sets when the request must have come and its work be done, and when
// its answer must have been taken. What is asked for inside this program has no
// connection; its work ends all the same.
func (a *arrival) waitUntil(t time.Time) {
	a.timer.Reset(time.Until(t))
	_ = a.conn.SetReadDeadline(t)
	_ = a.conn.SetWriteDeadline(t.Add(a.answer))
}
