package app

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"
)

// Timeouts are how long visitors are waited for (rule W8).
type Timeouts struct {
	Header  time.Duration // for the head of a request
	Request time.Duration // for the rest of it, and the work; again once it is all there
	Pace    int64         // bytes a second that earn a request more time to arrive
	Most    time.Duration // that can be earned so
	Answer  time.Duration // for taking the answer, beyond that
	Idle    time.Duration // between requests
}

// UsualTimeouts let a picture of 5 MB arrive over the slowest line that a club
// may have.
func UsualTimeouts() Timeouts {
	return Timeouts{
		Header: 5 * time.Second, Request: 30 * time.Second, Pace: 16 << 10, Most: 5 * time.Minute, Answer: 2 * time.Minute, Idle: 2 * time.Minute,
	}
}

// bound gives every request to next a deadline, which moves on while its body
// arrives as fast as it should.
func (p Timeouts) bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancelCause(r.Context())
		defer cancel(nil)
		a := &arrival{
			ReadCloser: r.Body, Timeouts: p, conn: http.NewResponseController(w), start: time.Now(),
			timer: time.AfterFunc(p.Request, func() { cancel(context.DeadlineExceeded) }),
		}
		defer a.timer.Stop()
		a.waitUntil(a.start.Add(p.Request))
		r = r.WithContext(ctx)
		r.Body = a
		next.ServeHTTP(w, r)
	})
}

// arrival is the body of a request on its way.
type arrival struct {
	io.ReadCloser
	Timeouts
	conn  *http.ResponseController
	timer *time.Timer
	start time.Time
	bytes int64
	all   bool
}

func (a *arrival) Read(b []byte) (int, error) {
	n, err := a.ReadCloser.Read(b)
	a.bytes += int64(n)
	switch earned := min(time.Duration(a.bytes)*time.Second/time.Duration(a.Pace), a.Most); {
	case errors.Is(err, io.EOF) && !a.all:
		a.all = true
		a.waitUntil(time.Now().Add(a.Request))
	case err == nil && earned >= time.Second:
		a.waitUntil(a.start.Add(a.Request + earned))
	}
	return n, err
}

// waitUntil sets when the request must have come and its work be done, and when
// its answer must have been taken. What is asked for inside this program has no
// connection; its work ends all the same.
func (a *arrival) waitUntil(t time.Time) {
	a.timer.Reset(time.Until(t))
	_ = a.conn.SetReadDeadline(t)
	_ = a.conn.SetWriteDeadline(t.Add(a.Answer))
}
