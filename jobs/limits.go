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

// limitOf names one window of one account.
type limitOf struct {
	connection int64
	name       string
}

// keptLimit is what was last stored of it.
type keptLimit struct {
	platforms.Limit
	at time.Time
}

// watch lets the limits that answers speak of be seen, and their dates. keep
// stores the limits when the
// call is over: the connection rests before the platform has to refuse. Whoever
// only reads rests the connection for limits of the whole account, and not for
// those of its own kind of call.
func (s *SignIns) watch(ctx context.Context, conn store.Connection, reads bool) (watched context.Context, keep func()) {
	var seen []platforms.Limit
	ctx = s.watchDates(ctx, conn)
	steadyNow := gate.Steady(s.Now(), s.Elapsed)
	watched = platforms.WatchLimits(ctx, func(l platforms.Limit) { seen = append(seen, l) })
	return watched, func() {
		now := steadyNow()
		var rest time.Time
		var news []platforms.Limit
		for _, l := range seen {
			if l.Near(now) && (!reads || !l.Call) {
				rest = club.Later(rest, restUntil(l, now))
			}
			if s.isNews(conn.ID, l, now) {
				news = append(news, l)
			}
		}
		if len(news) == 0 && !rest.After(now) {
			return
		}
		if err := s.saveLimits(ctx, conn, news, rest); err != nil {
			s.Log.Warn("limits of a platform are not kept", "connection", conn.ID, "err", err)
			s.forgetLimits(conn.ID, news)
		}
	}
}

// saveLimits stores limits, and until when the connection rests. Who forgot that
// would call too early (rule P13), so it is tried a few times.
func (s *SignIns) saveLimits(ctx context.Context, conn store.Connection, news []platforms.Limit, rest time.Time) error {
	for try := 1; ; try++ {
		call, cancel := context.WithTimeout(context.WithoutCancel(ctx), limitsTimeout)
		err := s.DB.SaveLimits(call, conn.ID, conn.ClubID, news, rest)
		cancel()
		if err == nil || rest.IsZero() || try >= commitTries {
			return err
		}
		<-s.After(tickEvery)
	}
}

// forgetLimits: they were not kept, and are news when they are heard again.
func (s *SignIns) forgetLimits(connection int64, limits []platforms.Limit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range limits {
		delete(s.limits, limitOf{connection, l.Name})
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
func (s *SignIns) isNews(connection int64, l platforms.Limit, now time.Time) bool {
	if l.Unit == platforms.LimitCalls && l.Left > 0 {
		return false
	}
	of := limitOf{connection, l.Name}
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
