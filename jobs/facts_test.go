package jobs

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// learning is a platform whose accounts differ in how long a post may be.
type learning struct {
	*fake
	longest int // what the next check finds
}

func (l *learning) Check(_ context.Context, s platforms.Session) (platforms.Account, error) {
	a := s.Account
	a.Facts, _ = json.Marshal(l.longest)
	return a, nil
}

func (l *learning) Rules(a platforms.Account) platforms.Rules {
	rules := l.fake.Rules(a)
	if json.Unmarshal(a.Facts, &rules.Formats[0].Text[0].Max) != nil {
		rules.Formats[0].Text[0].Max = 5
	}
	return rules
}

// TestRulesAreThoseThatTheCheckOfTheAccountLearned: without a check they are those of
// every account.
func TestRulesAreThoseThatTheCheckOfTheAccountLearned(t *testing.T) {
	t.Parallel()
	r := newRig(t, platforms.CertainByLooking)
	p := &learning{fake: r.fake}
	registry := platforms.NewRegistry(p)
	r.config.Platforms = func(int64, bool) *platforms.Registry { return registry }
	r.restart()
	conn := r.connect()
	for _, c := range []struct {
		longest int
		want    club.Status
	}{{0, club.Failed}, {9, club.Published}, {8, club.Failed}} {
		if c.longest > 0 {
			p.longest = c.longest
			r.clock.Advance(2 * club.CheckAccountsEvery)
			r.do(checkAccounts)
		}
		post := r.schedule("Match day", 0, r.connection(conn.ID))
		r.settle()
		if d := r.delivery(post); d.Status != c.want {
			t.Errorf("where the check found %d characters, a post of 9 ends as %s (%s), want %s", c.longest, d.Status, d.Code, c.want)
		}
		r.clock.Advance(time.Hour)
	}
}
