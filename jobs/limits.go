package jobs

import (
	"context"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/jobs/gate"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// Numbers of limits.
const (
	limitRestLeast   = time.Minute
	limitRestMost    = 24 * time.Hour
	limitRestDefault = time.Hour // where the platform does not say until when
	limitsTimeout    = 10 * time.Second
	limitsKeptFor    = 10 * time.Minute // before the same is kept anew
)

// limitOf names one window of one account, or of the platform app that a club uses.
type limitOf struct {
	connection int64 // 0: of the app
	club       int64
	practice   bool
	slot       string
	name       string
}

// keptLimit is what was last stored of it.
type keptLimit struct {
	platforms.Limit
	at time.Time
}

// heard is what the answers to a call said of limits: what is worth a row, and until
// when whoever they are the limits of must rest.
type heard struct {
	news []platforms.Limit
	rest time.Time
}

func (h heard) matters(now time.Time) bool { return len(h.news) > 0 || h.rest.After(now) }

// watch lets the limits that answers speak of be seen, and their dates. keep
// stores the limits when the
// call is over: the connection rests before the platform has to refuse, and with it all
// that use the same platform app, if the limit is one that they share. Whoever
// only reads rests the connection for limits of the whole account, and not for
// those of its own kind of call.
func (s *SignIns) watch(ctx context.Context, conn store.Connection, reads bool) (watched context.Context, keep func()) {
	var seen []platforms.Limit
	ctx = s.watchDates(ctx, conn)
	steadyNow := gate.Steady(s.Now(), s.Elapsed)
	watched = platforms.WatchLimits(ctx, func(l platforms.Limit) { seen = append(seen, l) })
	return watched, func() {
		now := steadyNow()
		app := s.appOf(conn)
		var own, shared heard
		for _, l := range seen {
			h := &own
			if l.Scope == platforms.ScopeApp && app.Slot != "" {
				h = &shared
			}
			if l.Near(now) && (!reads || !l.Call) {
				h.rest = club.Later(h.rest, restUntil(l, now))
			}
			if s.isNews(nameOf(conn, app, l), l, now) {
				h.news = append(h.news, l)
			}
		}
		if own.matters(now) {
			s.keepHeard(ctx, conn, app, own, func(ctx context.Context) error {
				return s.DB.SaveLimits(ctx, conn.ID, conn.ClubID, own.news, own.rest)
			})
		}
		if shared.matters(now) {
			s.keepHeard(ctx, conn, app, shared, func(ctx context.Context) error {
				return s.DB.SaveAppLimits(ctx, conn.ID, app, shared.news, shared.rest)
			})
		}
	}
}

// appOf is the platform app through which a connection is reached; without a slot if
// there is none.
func (s *SignIns) appOf(conn store.Connection) (app store.PlatformApp) {
	registry := s.Platforms(conn.ClubID, conn.Practice)
	p, ok := registry.Platform(conn.Account.Platform)
	if !ok {
		return app
	}
	app.Slot = p.Info().AppSlot
	for _, p := range registry.Slot(app.Slot) {
		app.Platforms = append(app.Platforms, p.Info().ID)
	}
	return app
}

func nameOf(conn store.Connection, app store.PlatformApp, l platforms.Limit) limitOf {
	if l.Scope == platforms.ScopeApp && app.Slot != "" {
		return limitOf{club: conn.ClubID, practice: conn.Practice, slot: app.Slot, name: l.Name}
	}
	return limitOf{connection: conn.ID, name: l.Name}
}

// keepHeard stores what was heard. Who forgot to rest would call too early (rule P13),
// so that is tried a few times.
func (s *SignIns) keepHeard(ctx context.Context, conn store.Connection, app store.PlatformApp, h heard, save func(context.Context) error) {
	for try := 1; ; try++ {
		call, cancel := context.WithTimeout(context.WithoutCancel(ctx), limitsTimeout)
		err := save(call)
		cancel()
		if err == nil {
			return
		}
		if h.rest.IsZero() || try >= commitTries {
			s.Log.Warn("limits of a platform are not kept", "connection", conn.ID, "err", err)
			s.forgetLimits(conn, app, h.news)
			return
		}
		<-s.After(tickEvery)
	}
}

// forgetLimits: they were not kept, and are news when they are heard again.
func (s *SignIns) forgetLimits(conn store.Connection, app store.PlatformApp, limits []platforms.Limit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range limits {
		delete(s.limits, nameOf(conn, app, l))
	}
}

// restUntil is when a limit that is about to be reached lets calls go on.
func restUntil(l platforms.Limit, now time.Time) time.Time {
	wait := limitRestDefault
	if !l.Ends.IsZero() {
		wait = min(max(l.Ends.Sub(now), limitRestLeast), limitRestMost)
	}
	return now.Add(wait)
}

// isNews tells whether a limit is worth a row: people are shown it, and it is
// not what was kept a moment ago. Requests are only shown when they are used up.
func (s *SignIns) isNews(of limitOf, l platforms.Limit, now time.Time) bool {
	if l.Unit == platforms.LimitCalls && l.Left > 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.limits == nil {
		s.limits = map[limitOf]keptLimit{}
	}
	if old := s.limits[of]; old.Limit == l && now.Sub(old.at) < limitsKeptFor {
		return false
	}
	s.limits[of] = keptLimit{l, now}
	return true
}

// readLimits asks for limits that no other answer speaks of.
func (s *SignIns) readLimits(ctx context.Context, conn store.Connection, p platforms.Platform, session platforms.Session) {
	reader, ok := p.(platforms.LimitsReader)
	if !ok {
		return
	}
	call, cancel := context.WithTimeout(ctx, limitsTimeout)
	defer cancel()
	call, keep := s.watch(call, conn, true)
	defer keep()
	if err := reader.ReadLimits(call, session); err != nil && ctx.Err() == nil {
		s.Log.Warn("limits of a platform cannot be read", "connection", conn.ID, "err", err)
	}
}

// whyBlocked is the message about the limit for whose end the account waits: it may have
// been another account of the same platform app that was told. Empty: nobody knows.
func (r *run) whyBlocked(ctx context.Context) (code string, err error) {
	all, err := r.DB.Limits(ctx, store.Scope{ClubID: r.d.ClubID})
	if err != nil {
		return "", err
	}
	for _, l := range all[r.d.ConnectionID] {
		if l.Near(r.Now()) && (code == "" || code == platforms.CodeRateLimited) {
			code = l.Code()
		}
	}
	return code, nil
}

// watchLimits watches a call of a delivery in hand. What is seen is kept after
// what became of the call.
func (r *run) watchLimits(ctx context.Context) context.Context {
	ctx, keep := r.signIns.watch(ctx, r.conn, false)
	r.limits = append(r.limits, keep)
	return ctx
}

func (r *run) keepLimits() {
	for _, keep := range r.limits {
		keep()
	}
	r.limits = nil
}
