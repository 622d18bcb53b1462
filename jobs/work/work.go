// Package work does what is due in the work table: everything that is done for an
// account besides publishing. What is due is found by a query (rule P11). Accounts
// are worked on side by side, one call of each at a time (rule P14); what one
// platform does not answer delays the accounts of no other.
package work

import (
	"context"
	"errors"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// ErrGaveWay says that work did not happen, or was broken off, because the account
// has a post to send. It stays due.
var ErrGaveWay = errors.New("work gave way to a post")

// Worker does what is due for one item and says what becomes of it. It writes
// nothing with its context that must be kept: that ends when a post needs the
// account.
type Worker func(ctx context.Context, item Item) Result

// Kind is one kind of work.
type Kind struct {
	Name store.WorkKind
	// Do does one item.
	Do Worker
	// Many does several items of one account in one call, in place of Do. It
	// returns a result for each, in the same order.
	Many func(ctx context.Context, items []Item) []Result
	// AtOnce is how many items Many can do; nil: one.
	AtOnce func(Item) int
	// Tries is how often in a row an item may fail for a fault of ours before it is
	// given up; 0: it never is.
	Tries int
	// RestsWith are the kinds that a Rest puts off besides this one.
	RestsWith []store.WorkKind
	// Aside: it takes no turns with the posts of the account.
	Aside bool
}

// Item is one item in hand.
type Item struct {
	store.Work
	Connection store.Connection
	Platform   platforms.Platform // nil: it is not built in any more
	call       Call
}

// Call makes calls of the platform with an open session, and makes them again if
// the sign-in had run out and could be renewed. It returns the session that was
// used. What the answers say of limits is heeded.
func (i Item) Call(ctx context.Context, do func(context.Context, platforms.Session) error) (platforms.Session, error) {
	return i.call(ctx, i.Connection, i.Platform, do)
}

// Call opens a session for one account and renews it once if it must.
type Call func(ctx context.Context, conn store.Connection, p platforms.Platform, do func(context.Context, platforms.Session) error) (platforms.Session, error)

// Result is what becomes of an item.
type Result struct {
	outcome outcome
	at      time.Time
	reason  string
	err     error
}

type outcome int

const (
	kept outcome = iota
	done
	again
	rest
	drop
	notYet
	failed
)

// Done: there is nothing more to do.
func Done() Result { return Result{outcome: done} }

// Again: all is well, and it is due again at a time.
func Again(at time.Time) Result { return Result{outcome: again, at: at} }

// Rest: the platform wants to be left alone. All work of this kind for the account
// waits; nothing has failed.
func Rest(until time.Time) Result { return Result{outcome: rest, at: until} }

// Drop: it can never be done. The reason is for the log.
func Drop(reason string) Result { return Result{outcome: drop, reason: reason} }

// Kept: what becomes of it was kept in the transaction that kept what was found.
func Kept() Result { return Result{outcome: kept} }

// NotYet: the platform has no answer for it yet, which counts as a failure. It is
// asked again at a time; the zero time gives the item up.
func NotYet(next time.Time) Result { return Result{outcome: notYet, at: next} }

// Failed: an error decides. A limit rests the kind until it ends. What the platform
// refused otherwise, or did not answer, is tried again at a time; the zero time gives
// the item up. A fault of ours is tried again ever later.
func Failed(err error, next time.Time) Result { return Result{outcome: failed, err: err, at: next} }

// GivesUp reports whether the item ends without having been done.
func (r Result) GivesUp() bool {
	return r.outcome == drop || r.at.IsZero() && (r.outcome == notYet || r.outcome == failed && platforms.KindOf(r.err) == platforms.Rejected)
}

// goesOn reports whether the platform may be asked for other things at once.
func (r Result) goesOn() bool {
	switch r.outcome {
	case rest:
		return false
	case failed:
		return platforms.KindOf(r.err) == platforms.Rejected
	}
	return true
}
