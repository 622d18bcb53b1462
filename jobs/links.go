package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// sideTimeout is how long a call of a side job may hold up its connection.
const sideTimeout = 20 * time.Second

// linkAgain is how long to wait before asking for an address again; then it is
// given up.
var linkAgain = []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}

// findLinks asks for ids and addresses that publishing did not give. A failure
// changes nothing of a delivery (rule P10).
func (e *Engine) findLinks(ctx context.Context) error {
	due, err := e.DB.LinksDue(ctx, e.Now(), sideBatch)
	if err != nil {
		return err
	}
	var errs []error
	for _, l := range due {
		errs = append(errs, e.lines.use(l.Connection.ID, func() error { return e.findLink(ctx, l) }))
	}
	return errors.Join(errs...)
}

func (e *Engine) findLink(ctx context.Context, l store.LinkDue) error {
	p, ok := e.Platforms(l.Connection.ClubID, l.Connection.Practice).Platform(l.Connection.Account.Platform)
	if !ok {
		return e.DB.DropLink(ctx, l.Delivery.ID)
	}
	session, _, err := e.signIns.Session(ctx, l.Connection, p)
	if err == nil {
		call, cancel := context.WithTimeout(ctx, sideTimeout)
		defer cancel()
		call, keep := e.signIns.watch(call, l.Connection, true)
		defer keep()
		if err = e.askLink(call, l, p, session); err == nil {
			e.signIns.readLimits(ctx, l.Connection, p, session)
		}
	}
	refusal, refused := errors.AsType[*platforms.Error](err)
	switch {
	case err == nil, ctx.Err() != nil, !refused && !errors.Is(err, errNotFoundYet):
		return err
	case refused && refusal.Kind == platforms.Rejected, l.Failures >= len(linkAgain):
		return e.DB.DropLink(ctx, l.Delivery.ID)
	}
	return e.DB.PutOffLink(ctx, l.Delivery.ID, e.Now().Add(linkAgain[l.Failures]))
}

var errNotFoundYet = errors.New("not found yet")

func (e *Engine) askLink(ctx context.Context, l store.LinkDue, p platforms.Platform, session platforms.Session) error {
	d := l.Delivery
	if d.RemoteID == "" {
		return e.findID(ctx, l, p, session)
	}
	linker, ok := p.(platforms.Linker)
	if !ok {
		return e.DB.DropLink(ctx, d.ID)
	}
	url, err := linker.Permalink(ctx, session, d.RemoteID)
	if err != nil {
		return err
	}
	if url == "" {
		return errNotFoundYet
	}
	return e.DB.SaveLink(ctx, d, url)
}

// findID looks again for a post that is proved public, for its id (row 25).
func (e *Engine) findID(ctx context.Context, l store.LinkDue, p platforms.Platform, session platforms.Session) error {
	r := &run{Engine: e, d: l.Delivery, conn: l.Connection, platform: p}
	if !r.d.Frozen {
		return e.DB.DropLink(ctx, r.d.ID)
	}
	if err := r.readSteps(ctx); err != nil {
		return err
	}
	done, err := r.ownSteps(ctx)
	if err != nil {
		return err
	}
	evidence, err := p.Settle(ctx, session, r.pub, done, r.d.TriedAt)
	if err == nil {
		evidence, err = e.own(ctx, r.d, evidence)
	}
	if err != nil {
		return err
	}
	ch, err := club.Next(r.d.Delivery, club.Event{Kind: club.LookEnded, Evidence: evidence}, e.Now())
	if errors.Is(err, club.ErrNoRow) {
		return errNotFoundYet
	}
	if err != nil {
		return err
	}
	if _, err = e.DB.Transition(ctx, r.d, ch, store.Facts{}); err != nil {
		return err
	}
	if ch.To.RemoteURL != "" {
		return e.DB.DropLink(ctx, r.d.ID)
	}
	return nil // the next round asks for the address
}
