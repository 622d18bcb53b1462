package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/jobs/work"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// linkAgain is how long to wait before asking for an address again; then it is
// given up.
var linkAgain = []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}

var errNotFoundYet = errors.New("not found yet")

// unfoundAfter is how often an id is asked for before people hear that the part which
// follows the post waits for it. It is asked for further on.
const unfoundAfter = 3

// findLink asks for the id and the address of a post that publishing did not give.
// A failure changes nothing of the delivery (rule P10). What follows it asks people,
// if nothing is found for some minutes.
func (e *Engine) findLink(ctx context.Context, i work.Item) work.Result {
	d, err := e.DB.Published(ctx, i.Key)
	switch {
	case errors.Is(err, club.ErrNotFound):
		return work.Drop("the post is gone")
	case err != nil:
		return work.Failed(err, time.Time{})
	}
	found := e.askForLink(ctx, i, d)
	if d.RemoteID == "" && (found.GivesUp() || i.Failures >= unfoundAfter) {
		if err := e.DB.Unfound(context.WithoutCancel(ctx), d.ID); err != nil {
			return work.Failed(err, time.Time{})
		}
	}
	return found
}

func (e *Engine) askForLink(ctx context.Context, i work.Item, d store.Delivery) work.Result {
	if i.Platform == nil {
		return work.Drop("the platform is not built in any more")
	}
	var found work.Result
	session, err := i.Call(ctx, func(ctx context.Context, s platforms.Session) (err error) {
		found, err = e.askLink(ctx, i, d, s)
		return err
	})
	if err == nil {
		e.signIns.readLimits(ctx, i.Connection, i.Platform, session)
		return found
	}
	var next time.Time
	if platforms.KindOf(err) != platforms.Rejected && i.Failures < len(linkAgain) {
		next = e.Now().Add(linkAgain[i.Failures])
	}
	if errors.Is(err, errNotFoundYet) {
		return work.NotYet(next)
	}
	return work.Failed(err, next)
}

func (e *Engine) askLink(ctx context.Context, i work.Item, d store.Delivery, session platforms.Session) (work.Result, error) {
	if d.RemoteID == "" {
		return e.findID(ctx, i, d, session)
	}
	linker, ok := i.Platform.(platforms.Linker)
	if !ok {
		return work.Drop("the platform names no addresses"), nil
	}
	url, err := linker.Permalink(ctx, session, d.RemoteID)
	if err != nil {
		return work.Result{}, err
	}
	if url == "" {
		return work.Result{}, errNotFoundYet
	}
	return work.Kept(), e.DB.SaveLink(context.WithoutCancel(ctx), d, url)
}

// findID looks again for a post that is proved public, for its id (row 25).
func (e *Engine) findID(ctx context.Context, i work.Item, d store.Delivery, session platforms.Session) (work.Result, error) {
	r := &run{Engine: e, d: d, conn: i.Connection, platform: i.Platform}
	if !r.d.Frozen {
		return work.Drop("what was sent is not kept any more"), nil
	}
	if err := r.readSteps(ctx); err != nil {
		return work.Result{}, err
	}
	done, err := r.ownSteps(ctx)
	if err != nil {
		return work.Result{}, err
	}
	evidence, err := i.Platform.Settle(ctx, session, r.pub, done, r.d.TriedAt)
	if err == nil {
		evidence, err = e.own(ctx, r.d, evidence)
	}
	if err != nil {
		return work.Result{}, err
	}
	ch, err := club.Next(r.d.Delivery, club.Event{Kind: club.LookEnded, Evidence: evidence}, e.Now())
	if errors.Is(err, club.ErrNoRow) {
		return work.Result{}, errNotFoundYet
	}
	if err != nil {
		return work.Result{}, err
	}
	if _, err = e.DB.Transition(context.WithoutCancel(ctx), r.d, ch, store.Facts{}); err != nil {
		return work.Result{}, err
	}
	if ch.To.RemoteURL != "" {
		return work.Done(), nil
	}
	return work.Again(e.Now()), nil // for the address
}
