package club

import (
	"errors"
	"fmt"
	"time"
)

// Code says for the program what kind of problem an Error is.
type Code string

// The codes. Handlers turn each into one HTTP status.
const (
	Invalid         Code = "invalid"         // 422
	NotFound        Code = "not_found"       // 404
	Forbidden       Code = "forbidden"       // 403
	Conflict        Code = "conflict"        // 409
	Unauthenticated Code = "unauthenticated" // sign in first
	TooMany         Code = "too_many"        // 429
	Full            Code = "full"            // nothing can be written, for want of space or a fault of the disk: 507
	Busy            Code = "busy"            // another program holds what is needed: 503
	Damaged         Code = "damaged"         // what is kept is not what was stored: 500
)

// Error is a problem that people may see: a code for the program, a catalogue
// key with its placeholders for the person, and the form field it belongs to.
type Error struct {
	Code  Code
	Field string
	Key   string
	Args  map[string]string
	Err   error
	// Wait is how long to wait before the next try; for TooMany.
	Wait time.Duration
}

func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %s", e.Code, e.Key)
	if e.Field != "" {
		s += " (" + e.Field + ")"
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

func (e *Error) Unwrap() error { return e.Err }

// Storage tells whether err is about the place where things are kept, rather
// than about what a person did: it may go well another time.
func Storage(err error) bool { return errors.Is(err, errFull) || errors.Is(err, errBusy) }

var errFull, errBusy = &Error{Code: Full}, &Error{Code: Busy}

// Is lets errors.Is find a code anywhere in a chain: an Error of nothing but a
// code matches all errors of that code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Key == "" && t.Code == e.Code
}

// CodeOf returns the code of err, or "" if it is not an *Error.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// ErrNotFound answers for what is not there and for what belongs to another
// club alike (rule W2).
var ErrNotFound = &Error{Code: NotFound, Key: "error_not_found"}

// NotAllowed is the answer to somebody whose role may not do an action.
func NotAllowed(a Action) *Error {
	return &Error{Code: Forbidden, Key: "error_forbidden", Args: map[string]string{"action": string(a)}}
}

// Fault makes an Invalid error for a field. args are name, value, name, value …
func Fault(field, key string, args ...string) *Error {
	return &Error{Code: Invalid, Field: field, Key: key, Args: pairs(args)}
}

func pairs(args []string) map[string]string {
	if len(args) == 0 {
		return nil
	}
	m := make(map[string]string, len(args)/2)
	for i := 0; i+1 < len(args); i += 2 {
		m[args[i]] = args[i+1]
	}
	return m
}
