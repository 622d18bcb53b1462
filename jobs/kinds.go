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

// How long until an account is looked at again.
const (
	checkAgain = time.Hour        // of which the platform could not be asked
	renewAfter = 10 * time.Minute // of which a renewal failed, at least
)

// newWork makes what does all that is done for accounts besides publishing.
func (e *Engine) newWork() *work.Runner {
	return work.New(
		work.Config{
			DB: e.DB, Log: e.Log, Now: e.Now, Elapsed: e.Elapsed, QuietFrom: e.quietFrom,
			May: e.gate.Sound, Fault: e.gate.Fault,
			Line: e.read, Platform: e.signIns.platform, Call: e.callAccount,
		},
		work.Kind{Name: store.WorkLink, Do: e.findLink, Tries: len(linkAgain) + 1},
		work.Kind{Name: store.WorkNumbers, Many: e.takeNumbers, AtOnce: postsAtOnce, Tries: giveUp, RestsWith: []store.WorkKind{store.WorkAccountNumbers}},
		work.Kind{Name: store.WorkAccountNumbers, Do: e.takeAccountNumbers, RestsWith: []store.WorkKind{store.WorkNumbers}},
		work.Kind{Name: store.WorkCheck, Do: e.checkAccount},
		work.Kind{Name: store.WorkRenewal, Do: e.renewSignIn, Aside: true},
		work.Kind{Name: store.WorkDisconnect, Do: e.endDisconnect, Aside: true},
	)
}

// checkAccount looks at a sign-in that nobody has looked at for a day.
func (e *Engine) checkAccount(ctx context.Context, i work.Item) work.Result {
	if i.Platform == nil {
		return work.Again(e.Now().Add(club.CheckAccountsEvery))
	}
	refusal, err := e.signIns.Check(ctx, i.Connection)
	switch {
	case err != nil:
		return work.Failed(err, e.Now().Add(checkAgain))
	case refusal != nil:
		return work.Again(e.Now().Add(checkAgain)) // unless it is known now how the account is
	}
	return work.Kept()
}

// renewSignIn renews a sign-in that should not be left until it is used, once its
// time has come by the policy of its platform.
func (e *Engine) renewSignIn(ctx context.Context, i work.Item) work.Result {
	now := e.Now()
	tomorrow := now.Add(24 * time.Hour) // by then the platform may want something else
	if i.Platform == nil {
		return work.Again(tomorrow)
	}
	policy := i.Platform.Info().Renewal
	r, err := e.DB.PlannedRenewal(ctx, i.ConnectionID)
	switch {
	case errors.Is(err, club.ErrNotFound), err == nil && (policy.OnUse || policy.Before == 0 || r.Expires.IsZero() || r.Last):
		return work.Again(tomorrow)
	case err != nil:
		return work.Failed(err, time.Time{})
	}
	due := club.Later(club.Later(r.Expires.Add(-policy.Before), r.IssuedAt.Add(policy.MinAge)), r.NotBefore)
	if due.After(now) {
		return work.Again(club.Earlier(due, tomorrow))
	}
	_, err = e.signIns.Renew(ctx, i.Connection, r.Version)
	refusal, refused := errors.AsType[*platforms.Error](err)
	switch {
	case err == nil:
		return work.Kept() // the new pair has planned the next
	case refused: // what the platform said is kept already
		return work.Again(club.Later(refusal.RetryAt, now.Add(renewAfter)))
	}
	return work.Failed(err, time.Time{})
}
