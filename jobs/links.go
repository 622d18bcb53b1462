package jobs

import (
	"context"
	"errors"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// linkAgain is how long to wait before asking for an address again; then it is
// given up.
var linkAgain = []time.Duration{15 * time.Second, time.Minute, 5 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour}

// findLinks asks for ids and addresses that publishing did not give. A failure
// changes nothing of a delivery (rule P10).
func (e *Engine) findLinks(ctx context.Context) error {
	due, err := e.DB.LinksDue(ctx, e.Now(), e.quietFrom(), sideBatch)
	if err != nil {
		return err
	}
	return readEach(ctx, e, due, func(l store.LinkDue) int64 { return l.Connection.ID },
		func(ctx context.Context, l store.LinkDue) (bool, error) { return true, e.findLink(ctx, l) })
}

func (e *Engine) findLink(ctx context.Context, l store.LinkDue) error {
	keep := context.WithoutCancel(ctx)
	p, ok := e.Platforms(l.Connection.ClubID, l.Connection.Practice).Platform(l.Connection.Account.Platform)
	if !ok {
		return e.DB.DropLink(keep, l.Delivery.ID)
	}
	session, _, err := e.signIns.Session(ctx, l.Connection, p)
	if err == nil {
		call, cancel := context.WithTimeout(ctx, readTimeout)
		defer cancel()
		call, keepLimits := e.signIns.watch(call, l.Connection, true)
		defer keepLimits()
		if err = e.askLink(call, l, p, session); err == nil {
			e.signIns.readLimits(ctx, l.Connection, p, session)
		}
	}
	refusal, refused := errors.AsType[*platforms.Error](err)
	switch {
	case err == nil, ctx.Err() != nil, !refused && !errors.Is(err, errNotFoundYet):
		return err
	case refused && refusal.Kind == platforms.VersionOver:
		return e.DB.MarkOutdated(keep, l.Connection.ID, p.Info().API.Version)
	case refused && refusal.Kind == platforms.Rejected, l.Failures >= len(linkAgain):
		return e.DB.DropLink(keep, l.Delivery.ID)
	}
	return e.DB.PutOffLink(keep, l.Delivery.ID, e.Now().Add(linkAgain[l.Failures]))
}

var errNotFoundYet = errors.New("not found yet")

func (e *Engine) askLink(ctx context.Context, l store.LinkDue, p platforms.Platform, session platforms.Session) error {
	d, keep := l.Delivery, context.WithoutCancel(ctx)
	if d.RemoteID == "" {
		return e.findID(ctx, l, p, session)
	}
	linker, ok := p.(platforms.Linker)
	if !ok {
		return e.DB.DropLink(keep, d.ID)
	}
	url, err := linker.Permalink(ctx, session, d.RemoteID)
	if err != nil {
		return err
	}
	if url == "" {
		return errNotFoundYet
	}
	return e.DB.SaveLink(keep, d, url)
}

// findID looks again for a post that is proved public, for its id (row 25).
func (e *Engine) findID(ctx context.Context, l store.LinkDue, p platforms.Platform, session platforms.Session) error {
	r, keep := &run{Engine: e, d: l.Delivery, conn: l.Connection, platform: p}, context.WithoutCancel(ctx)
	if !r.d.Frozen {
		return e.DB.DropLink(keep, r.d.ID)
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
	if _, err = e.DB.Transition(keep, r.d, ch, store.Facts{}); err != nil {
		return err
	}
	if ch.To.RemoteURL != "" {
		return e.DB.DropLink(keep, r.d.ID)
	}
	return nil // the next round asks for the address
}
