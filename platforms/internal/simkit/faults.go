package simkit

import (
	"net/http"
	"strings"
	"time"
)

// The faults that every simulator plays in its platform's own way. A platform
// may add its own.
const (
	RateLimited  = "rate_limited"  // too many calls for this account
	ExpiredToken = "expired_token" // access token no longer accepted, renewing helps
	RevokedToken = "revoked_token" // only signing in again helps
	Rejected     = "rejected"      // content refused
	Media        = "media"         // picture refused, or processing ends in an error
)

// The faults that only some platforms can have.
const (
	Stuck            = "stuck"             // processing never ends
	Lapsed           = "lapsed"            // what was prepared has expired
	Duplicate        = "duplicate"         // the platform's duplicate answer
	DuplicateUnnamed = "duplicate_unnamed" // one that does not name the earlier post, where it usually does
	AppLimited       = "app_limited"       // too many calls for the whole app, or of a day
	Transient        = "transient"         // a refusal that says it will pass
	NoPermission     = "no_permission"     // the right to do this was taken away
	Restricted       = "restricted"        // the account may not act for now
	AccountGone      = "account_gone"      // there is no such account any more
	MadeInError      = "made_in_error"     // a write is done, and its answer comes inside an error
	Unpublished      = "unpublished"       // the Page is hidden from everybody but its own people
	VersionGone      = "version_gone"      // the version of the API that is spoken has ended
)

// The faults that look the same everywhere: Misbehave plays them.
const (
	ResetBefore    = "reset_before"   // connection dies before the platform acts
	ResetAfter     = "reset_after"    // it acts, then the connection dies without an answer
	ErrorBefore    = "error_before"   // 500, nothing done
	ErrorAfter     = "error_after"    // it acts, then answers 500
	CutOff         = "cut_off"        // it acts, then half of the answer arrives
	Empty          = "empty"          // it acts, then answers 200 with nothing in it
	HTML           = "html"           // it acts, then answers 200 with a web page
	Oversized      = "oversized"      // it acts, then answers with more than 1 MiB
	Slow           = "slow"           // it acts, and the answer takes SlowFor
	TimeOut        = "time_out"       // it acts, and never answers
	SlowBody       = "slow_body"      // it acts, and the answer begins and never ends
	WrongType      = "wrong_type"     // it acts, and its answer says that it is plain text
	NoID           = "no_id"          // it acts, and its answer names nothing
	Redirected     = "redirect_307"   // sent elsewhere, nothing done
	Moved          = "redirect_308"   // the same, for ever
	RequestTimeout = "status_408"     // 408, nothing done
	Unavailable    = "unavailable"    // 503 of something in front of it, nothing done
	Forbidden      = "forbidden_page" // 403 of something in front of it, nothing done
	TooManyPage    = "too_many_page"  // 429 of something in front of it, nothing done
	Lag            = "lag"            // for lagFor, lists leave out what is new
	ClockOff       = "clock_off"      // answers are dated so many seconds ahead, behind if negative, until Reset
)

// lagFor is how long a new post can be missing from lists.
const lagFor = 5 * time.Minute

// Faults that every simulator must understand, for the conformance suite.
var Faults = []string{
	ResetBefore, ResetAfter, ErrorBefore, ErrorAfter, CutOff, Empty, HTML, Oversized, Slow,
	RateLimited, ExpiredToken, RevokedToken, Rejected, Media,
}

// played are the faults that need nothing of the platform.
var played = []string{
	ResetBefore, ResetAfter, ErrorBefore, ErrorAfter, CutOff, Empty, HTML, Oversized, Slow, TimeOut, SlowBody, WrongType, NoID,
	Redirected, Moved, RequestTimeout, Unavailable, Forbidden, TooManyPage, Lag, ClockOff,
}

// Misbehave plays those faults that look the same on every platform. act does
// what the call does and writes its answer; it is called at most once. It
// returns false if the fault is one that the platform has to play itself.
func (c *Core) Misbehave(w http.ResponseWriter, r *http.Request, fault string, act http.HandlerFunc) bool {
	switch fault {
	case "":
		act(w, r)
	case TimeOut, SlowBody:
		c.keepSilent(w, r, fault, act)
	case WrongType:
		act(&plain{ResponseWriter: w}, r)
	case NoID:
		act(discard{http.Header{}}, r)
		answer(w, http.StatusOK, "application/json", `{}`)
	case Redirected, Moved:
		status := http.StatusTemporaryRedirect
		if fault == Moved {
			status = http.StatusPermanentRedirect
		}
		w.Header().Set("Location", "/elsewhere")
		answer(w, status, "text/html", page)
	case RequestTimeout:
		answer(w, http.StatusRequestTimeout, "text/html", page)
	case Unavailable:
		w.Header().Set("Retry-After", "30")
		answer(w, http.StatusServiceUnavailable, "text/html", page)
	case Forbidden:
		answer(w, http.StatusForbidden, "text/html", page)
	case TooManyPage:
		w.Header().Set("Retry-After", "30")
		answer(w, http.StatusTooManyRequests, "text/html", page)
	case ResetBefore:
		panic(http.ErrAbortHandler)
	case ResetAfter:
		act(discard{http.Header{}}, r)
		panic(http.ErrAbortHandler)
	case ErrorBefore:
		answer(w, http.StatusInternalServerError, "application/json", `{"error":"internal"}`)
	case ErrorAfter:
		act(discard{http.Header{}}, r)
		answer(w, http.StatusInternalServerError, "application/json", `{"error":"internal"}`)
	case CutOff:
		act(discard{http.Header{}}, r)
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", "4096")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(`{"id":"1`))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	case Empty:
		act(discard{http.Header{}}, r)
		w.WriteHeader(http.StatusOK)
	case HTML:
		act(discard{http.Header{}}, r)
		answer(w, http.StatusOK, "text/html", page)
	case Oversized:
		act(discard{http.Header{}}, r)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"id":"`))
		for range 1 << 11 {
			_, _ = w.Write(filler[:])
		}
		_, _ = w.Write([]byte(`"}`))
	case Slow:
		t := time.NewTimer(c.SlowFor)
		defer t.Stop()
		select {
		case <-t.C:
		case <-r.Context().Done():
		}
		act(w, r)
	default:
		return false
	}
	return true
}

// page is what comes from something between the app and the platform.
const page = "<!doctype html><title>Just a moment</title>"

// keepSilent acts and then says nothing, or not all, until the app has gone.
func (c *Core) keepSilent(w http.ResponseWriter, r *http.Request, fault string, act http.HandlerFunc) {
	act(discard{http.Header{}}, r)
	if fault == SlowBody {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusOK)
		_, _ = w.Write([]byte(`{"id":"1`))
		_ = http.NewResponseController(w).Flush()
	}
	c.mu.Lock()
	hung := c.hung
	c.mu.Unlock()
	if hung != nil {
		hung(fault == SlowBody)
	}
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// plain passes an answer on as text.
type plain struct{ http.ResponseWriter }

func (p *plain) WriteHeader(status int) {
	if typ := p.Header().Get("Content-Type"); strings.Contains(typ, "json") {
		p.Header().Set("Content-Type", "text/plain; charset=utf-8")
	}
	p.ResponseWriter.WriteHeader(status)
}

var filler = func() (b [1024]byte) {
	for i := range b {
		b[i] = 'x'
	}
	return b
}()

func answer(w http.ResponseWriter, status int, typ, body string) {
	w.Header().Set("Content-Type", typ)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body))
}

// discard takes an answer that nobody will read.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
