package jobs

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/failpoint"
	"github.com/bandstand-app/bandstand/jobs/gate"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
)

// Time limits of calls, where the step has none of its own. Clients set tighter ones
// inside.
const (
	sendTimeout   = 65 * time.Second
	stepTimeout   = 16 * time.Minute
	lookTimeout   = 65 * time.Second
	commitTimeout = 10 * time.Second
)

// errDamaged says that a call is not made, because the database is damaged.
var errDamaged = errors.New("the database is damaged: nothing is published from it")

// soonDead is how much life something made at a platform must have left.
const soonDead = time.Minute

// run is one delivery in hand.
type run struct {
	*Engine
	// Now is the engine's when it looked for what is due, and the time that has
	// passed since: setting the clock meanwhile changes nothing, the order of posts
	// that catch up neither.
	Now      func() time.Time
	d        store.Delivery
	conn     store.Connection
	platform platforms.Platform
	pub      platforms.Publication
	done     []platforms.StepResult
	session  platforms.Session
	token    int64          // version of the access token in session
	hold     club.Phase     // in which what is due waits, empty if nothing is held
	call     *store.Attempt // the call that just ended, or is open
	limits   []func()       // keep what the calls said of limits
}

func newRun(e *Engine, now func() time.Time, d store.Delivery) *run {
	return &run{Engine: e, Now: now, d: d}
}

// deliver asks the table what an event makes of the delivery, commits that and
// does what it says, until there is nothing to do but wait.
func (e *Engine) deliver(ctx context.Context, now func() time.Time, d store.Delivery) error {
	r := newRun(e, now, d)
	defer r.keepLimits()
	event, err := r.tickEvent(ctx)
	for err == nil {
		var ch club.Change
		if ch, err = r.decide(ctx, &event); err != nil {
			break
		}
		switch ch.Work {
		case club.Again:
			event, err = r.tickEvent(ctx)
		case club.Do:
			event, err = r.perform(ctx, event.Step)
		case club.Send:
			event = r.send(ctx, event.Step)
		case club.Look:
			event, err = r.look(ctx)
		case club.Renew:
			event = r.renew(ctx)
		default:
			return nil
		}
	}
	if errors.Is(err, club.ErrNoRow) && r.d.NextAt.After(r.Now()) {
		return nil // it has moved on by itself
	}
	return err
}

// decide asks the table, makes ready what its answer needs before it may be
// committed, and commits it. What cannot be made ready is another event.
func (r *run) decide(ctx context.Context, event *club.Event) (club.Change, error) {
	now := r.Now()
	ch, err := club.Next(r.d.Delivery, *event, now)
	if err != nil {
		return ch, err
	}
	if ch.Opens || event.Kind == club.Tick && (ch.To.Phase == club.Late || ch.To.Phase == club.Reconnect) {
		if err := r.trustClock(ctx); err != nil {
			return ch, err
		}
		if r.gate.Damaged() {
			return ch, errDamaged
		}
	}
	facts := store.Facts{}
	if ch.Freezes {
		facts.Body, event.Problem, err = r.freeze(ctx, keyOf(ch.To))
		if err != nil {
			return ch, err
		}
		if event.Problem != nil {
			if ch, err = club.Next(r.d.Delivery, *event, now); err != nil {
				return ch, err
			}
		}
	}
	if ch.Work == club.Do || ch.Work == club.Send || ch.Work == club.Look {
		refusal, err := r.openSession(ctx)
		if err != nil {
			return ch, err
		}
		if refusal != nil {
			*event = r.ended(ch.Work, *event, refusal)
			if ch, err = club.Next(r.d.Delivery, *event, now); err != nil {
				return ch, err
			}
		}
	}
	if !ch.Changes(r.d.Delivery) {
		return ch, nil
	}
	facts.Attempt, facts.Token = r.call, r.token
	if ch.Outdates {
		facts.Version = r.platform.Info().API.Version
	}
	switch {
	case ch.Opens:
		facts.Look = r.call // that led to a repeat, if any
		facts.Attempt = r.attempt(event.Step.Kind, event.Step.Index, true, limitOfCall(event.Step))
	case event.Kind == club.SendEnded, event.Kind == club.SendBarred:
		facts.Ended = r.call.ID
	case r.d.Phase == club.Sending:
		if facts.Ended, err = r.DB.OpenAttempt(ctx, r.d.ID); err != nil {
			return ch, err
		}
	}
	switch {
	case event.Kind == club.SendEnded:
		r.testify(ch)
	case event.Kind == club.LookEnded && ch.To.Status == club.Published:
		if err := r.testifyProof(ctx, ch); err != nil {
			return ch, err
		}
	}
	if err := r.commit(ctx, ch, facts); err != nil {
		return ch, err
	}
	r.call = nil
	if ch.Opens {
		r.call = facts.Attempt
	}
	return ch, nil
}

// ended is the event of a call that could not even begin.
func (r *run) ended(work club.Work, before club.Event, refusal *platforms.Error) club.Event {
	kind := club.StepEnded
	if work == club.Look || r.d.Phase == club.Reconciling {
		kind = club.LookEnded
	}
	return club.Event{Kind: kind, Step: before.Step, Err: refusal, CanRenew: r.canRenew(), Jitter: r.Jitter()}
}

// commit moves the delivery. What a platform answered must not be lost to a
// moment's trouble with the disk, nor to the end of the process: while nothing
// can be stored it is kept here, and stored when there is room again.
func (r *run) commit(ctx context.Context, ch club.Change, facts store.Facts) error {
	for try := 1; ; try++ {
		d, err := r.transition(ctx, ch, facts)
		if err == nil {
			d.Certainty, d.SettleAfter, d.KeyLife, d.MaySendAgain = r.d.Certainty, r.d.SettleAfter, r.d.KeyLife, r.d.MaySendAgain
			r.d = d
			return nil
		}
		if errors.Is(err, store.ErrMoved) || facts.Ended == "" {
			return err
		}
		if try == 1 {
			r.Log.Warn("an answer is not yet kept", "delivery", r.d.ID, "err", err)
		}
		r.gate.Fault(err)
		if try >= commitTries && (ctx.Err() != nil || !club.Storage(err)) {
			return err
		}
		<-r.After(tickEvery)
	}
}

// transition is one try, which the end of the process does not cut off.
func (r *run) transition(ctx context.Context, ch club.Change, facts store.Facts) (store.Delivery, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	if err := failpoint.Hit("transition.before"); err != nil {
		return r.d, err
	}
	d, err := r.DB.Transition(ctx, r.d, ch, facts)
	if err == nil {
		err = failpoint.Hit("transition.after")
	}
	return d, err
}

// tickEvent reads how things stand.
func (r *run) tickEvent(ctx context.Context) (club.Event, error) {
	ev := club.Event{Kind: club.Tick, Jitter: r.Jitter(), OffFrom: r.offFrom, OffTo: r.offTo}
	if err := ctx.Err(); err != nil {
		return ev, err
	}
	r.keepLimits() // they may let the account rest
	s, err := r.DB.Standing(ctx, r.d)
	if err != nil {
		return ev, err
	}
	r.conn, ev.Changed, r.hold = s.Connection, s.Changed, s.Hold.Phase
	ev.Hold = r.hold
	ev.Account = club.AccountState{
		Usable: s.Connection.Usable(), Code: s.Connection.HealthCode,
		BlockedUntil: s.Connection.BlockedUntil, FreeAt: s.Connection.LastSentAt.Add(spacing),
	}
	if ev.Account.BlockedUntil.After(r.Now()) {
		if ev.Account.BlockedCode, err = r.whyBlocked(ctx); err != nil {
			return ev, err
		}
	}
	p, ok := r.Platforms(s.Connection.ClubID, s.Connection.Practice).Platform(s.Connection.Account.Platform)
	if !ok {
		ev.Account.Usable, ev.Account.Code = false, platforms.CodeAccountGone
	}
	if ev.Account.Code == "" {
		ev.Account.Code = platforms.CodeAuthRevoked
	}
	r.platform = p
	if !ok || !r.d.Frozen {
		return ev, nil
	}
	info := p.Info()
	if err := r.readSteps(ctx); err != nil {
		return ev, err
	}
	r.d.Certainty, r.d.SettleAfter, r.d.KeyLife = info.CertaintyOf(r.pub), info.SettleAfter, info.KeyLife
	r.d.MaySendAgain = info.RefusesRepeats && s.Connection.SendsAgain && len(r.pub.Media) == 0 && r.pub.Reply == nil
	ev.Step = r.plan(r.done)
	ev.StepDied = slices.ContainsFunc(r.done, func(s platforms.StepResult) bool {
		return !s.ExpiresAt.IsZero() && !s.ExpiresAt.After(r.Now().Add(soonDead))
	})
	return ev, nil
}

// readSteps reads what goes out and what was done for it so far.
func (r *run) readSteps(ctx context.Context) (err error) {
	if err := json.Unmarshal(r.d.Body, &r.pub); err != nil {
		return fmt.Errorf("read what delivery %s sends: %w", r.d.ID, err)
	}
	r.done, err = r.DB.Steps(ctx, r.d.ID, keyOf(r.d.Delivery))
	return err
}

// keyOf is the generation whose post is looked for or sent.
func keyOf(d club.Delivery) int {
	if d.LookFirst {
		return d.Generation - 1
	}
	return d.Generation
}

// plan asks the platform what comes next. Evidence is for Settle alone.
func (r *run) plan(done []platforms.StepResult) platforms.Step {
	return r.platform.Plan(r.pub, withoutEvidence(done))
}

func withoutEvidence(done []platforms.StepResult) []platforms.StepResult {
	return slices.DeleteFunc(slices.Clone(done), func(s platforms.StepResult) bool { return s.Kind == platforms.DuplicateOf })
}

// perform makes one safe call. A shutdown cuts it off and changes nothing, unless
// the platform has just asked us to wait: the next process must know that.
func (r *run) perform(ctx context.Context, step platforms.Step) (club.Event, error) {
	limit := limitOfCall(step)
	r.call = r.attempt(step.Kind, step.Index, false, limit)
	ev := club.Event{Kind: club.StepEnded, Step: step, CanRenew: r.canRenew(), Jitter: r.Jitter()}
	call, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	call = r.watchLimits(call)
	ev.Err = r.guard(func() (err error) {
		if err = failpoint.Hit("step.request"); err != nil {
			return err
		}
		ev.Result, err = r.platform.Perform(call, r.session, r.pub, withoutEvidence(r.done), step)
		return cmp.Or(failpoint.Hit("step.response"), err)
	})
	if err := cutOff(ctx, ev.Err); err != nil {
		return ev, err
	}
	r.call.Blame(ev.Err)
	if ev.Err == nil {
		if ev.Result.State == platforms.StepWorking {
			r.call = nil
			return ev, nil
		}
		ev.Following = r.plan(append(slices.Clone(r.done), ev.Result))
	}
	return ev, nil
}

// send makes the irreversible call. Its intent is committed; the journal must
// have it too. Nothing but its own time limit ends it (rule P18).
func (r *run) send(ctx context.Context, step platforms.Step) club.Event {
	if err := r.announce(); err != nil {
		r.Log.Error("a call is not made, because it cannot be announced", "delivery", r.d.ID, "err", err)
		r.gate.Fault(err)
		return club.Event{Kind: club.SendBarred, Step: step}
	}
	ev := club.Event{Kind: club.SendEnded, Step: step, CanRenew: r.canRenew()}
	call, cancel := context.WithTimeout(context.WithoutCancel(ctx), limitOfCall(step))
	defer cancel()
	call = r.watchLimits(call)
	ev.Err = r.guard(func() (err error) {
		if err = failpoint.Hit("send.request"); err != nil {
			return err
		}
		ev.Result, err = r.platform.Perform(call, r.session, r.pub, withoutEvidence(r.done), step)
		return cmp.Or(failpoint.Hit("send.response"), err)
	})
	ev.Result = r.ownAnswer(context.WithoutCancel(ctx), ev.Result)
	ev.Jitter = r.Jitter()
	r.call.Blame(ev.Err)
	return ev
}

// limitOfCall is how long the call of a step may take. The limit of a step that waits
// is that of the wait, which the table knows, and not of one look.
func limitOfCall(step platforms.Step) time.Duration {
	switch {
	case step.Within > 0 && !step.Waits:
		return step.Within
	case step.Irreversible:
		return sendTimeout
	}
	return stepTimeout
}

// look looks whether the post is public.
func (r *run) look(ctx context.Context) (club.Event, error) {
	r.call = r.attempt(store.AttemptLook, 0, false, lookTimeout)
	ev := club.Event{Kind: club.LookEnded, Step: r.plan(r.done), Hold: r.hold, CanRenew: r.canRenew(), Jitter: r.Jitter()}
	done, err := r.ownSteps(ctx)
	if err != nil {
		return ev, err
	}
	call, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	call = r.watchLimits(call)
	ev.Err = r.guard(func() (err error) {
		if err = failpoint.Hit("look.request"); err != nil {
			return err
		}
		ev.Evidence, err = r.platform.Settle(call, r.session, r.pub, done, r.d.TriedAt)
		return cmp.Or(failpoint.Hit("look.response"), err)
	})
	if err := cutOff(ctx, ev.Err); err != nil {
		return ev, err
	}
	if ev.Evidence, err = r.own(ctx, r.d, ev.Evidence); err != nil {
		return ev, err
	}
	r.call.Blame(ev.Err)
	r.call.Proof, r.call.Outcome = ev.Evidence.Proof, club.Accepted
	if ev.Err != nil {
		r.call.Outcome = club.OutcomeUnknown
	}
	return ev, nil
}

// cutOff tells whether a safe call counts for nothing because the process ends.
// What a platform said of its limits counts (rule P13).
func cutOff(ctx context.Context, refusal *platforms.Error) error {
	if refusal != nil && refusal.Kind == platforms.RateLimited {
		return nil
	}
	return ctx.Err()
}

// renew renews the sign-in after the platform refused it.
func (r *run) renew(ctx context.Context) club.Event {
	ev := club.Event{Kind: club.RenewalEnded, CanRenew: r.canRenew(), Jitter: r.Jitter()}
	_, err := r.signIns.Renew(ctx, r.conn, r.token)
	if err != nil {
		ev.Err = asError(err)
	}
	return ev
}

// guard turns whatever goes wrong in a platform's code into its kind of error. A
// panic leaves open what was sent.
func (r *run) guard(call func() error) (refusal *platforms.Error) {
	defer func() {
		if v := recover(); v != nil {
			r.Log.Error("a platform's code panicked", "delivery", r.d.ID, "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			refusal = &platforms.Error{Kind: platforms.Unknown, Code: platforms.CodePlatformDown, Platform: r.conn.Account.Platform, Op: "panic"}
		}
	}()
	return r.undated(asError(call()))
}

// undated is a refusal without the time until which to wait, if the clock was set
// meanwhile: that may be by either.
func (r *run) undated(refusal *platforms.Error) *platforms.Error {
	if refusal == nil || gate.Between(r.Now(), r.Engine.Now()).Abs() <= gate.ClockSteady {
		return refusal
	}
	u := *refusal
	u.RetryAt = time.Time{}
	return &u
}

func asError(err error) *platforms.Error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*platforms.Error](err); ok {
		return e
	}
	return &platforms.Error{Kind: platforms.Unknown, Code: platforms.CodePlatformDown, Err: err}
}

func (r *run) canRenew() bool {
	_, ok := r.platform.(platforms.Renewer)
	return ok
}

func (r *run) attempt(kind string, index int, irreversible bool, limit time.Duration) *store.Attempt {
	now := r.Now()
	return &store.Attempt{
		ID: store.NewID(), Generation: r.d.Generation, Kind: kind, Index: index, Irreversible: irreversible,
		Boot: r.Boot, StartedAt: now, DeadlineAt: now.Add(limit),
	}
}
