package platformtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
)

// Try is one try to publish something, as far as it has come. Its results are
// what an engine keeps in the database.
type Try struct {
	patience time.Duration // with the irreversible step; 0: as long as it takes
	w        *World
	session  platforms.Session
	pub      platforms.Publication
	done     []platforms.StepResult
	steps    []platforms.Step // everything that was performed
	failed   platforms.Step   // the step that gave the last error
	sentAt   time.Time        // of the last irreversible call
	changed  bool             // an irreversible call has succeeded
	onSend   func()           // runs just before the irreversible call
	others   int              // posts in the record before it
	evidence platforms.Evidence
}

// Publication makes a publication of a draft, with a key of its own.
func (w *World) Publication(d platforms.Draft) platforms.Publication {
	w.keys++
	return platforms.Publication{Draft: d, Key: fmt.Sprintf("5eed%028x", w.keys), CreatedAt: w.Clock.Now().UTC()}
}

// Try starts a try.
func (w *World) Try(s platforms.Session, d platforms.Draft) *Try {
	return &Try{w: w, session: s, pub: w.Publication(d), others: len(w.Public())}
}

// Publish publishes a draft and fails the test if that does not work.
func (w *World) Publish(s platforms.Session, d platforms.Draft) platforms.StepResult {
	w.Helper()
	t := w.Try(s, d)
	if err := t.Run(); err != nil {
		w.Fatalf("publish: step %+v: %v", t.failed, err)
	}
	return t.Result()
}

// errFailedStep stands for a picture that the platform could not use.
var errFailedStep = errors.New("the platform could not use it")

// Run performs step after step until the post is out or a step fails.
func (t *Try) Run() error {
	t.w.Helper()
	waits := []time.Duration{2 * time.Second, 5 * time.Second, 10 * time.Second, 30 * time.Second}
	looked, restarted := 0, false
	for range 200 {
		step := t.plan()
		if step.Kind == "" {
			return nil
		}
		if step.Irreversible {
			if t.changed {
				t.w.Fatalf("plan wants a second irreversible step %+v after %+v", step, t.done)
			}
			t.sentAt = t.w.Clock.Now()
			if t.onSend != nil {
				t.onSend()
			}
		}
		t.steps = append(t.steps, step)
		before, _ := t.w.calls.written()
		read := t.w.Media.opened()
		result, err := t.perform(step)
		if sent := t.w.Media.opened() - read; err == nil && sent != step.Sends {
			t.w.Errorf("step %+v sends %d bytes of files", step, sent)
		}
		if after, guarded := t.w.calls.written(); after > before+1 || after > before && step.Irreversible && !guarded {
			t.w.Errorf("step %+v made %d writes, safe from being repeated by the transport: %v (rule P6)", step, after-before, guarded)
		}
		t.w.note(result, err)
		if err != nil {
			t.failed = step
			return err
		}
		if result.Kind != step.Kind || result.Index != step.Index {
			t.w.Fatalf("step %+v left a result for another one: %+v", step, result)
		}
		switch result.State {
		case platforms.StepDone, platforms.StepWorking:
			// A look at something unfinished leaves nothing behind.
			if !step.Waits || result.State == platforms.StepDone {
				t.done = append(t.done, result)
			}
		case platforms.StepExpired:
			if restarted {
				return errors.New("expired twice")
			}
			t.done, restarted = nil, true
			continue
		case platforms.StepFailed:
			t.failed = step
			return &platforms.Error{
				Kind: platforms.MediaRejected, Code: platforms.CodeMediaFailed, Platform: t.w.ID(), Op: step.Kind, Err: errFailedStep,
			}
		default:
			t.w.Fatalf("step %+v left state %q", step, result.State)
		}
		if step.Waits && result.State == platforms.StepWorking {
			t.w.Clock.Advance(waits[min(looked, len(waits)-1)])
			if looked++; looked > 60 {
				return errors.New("the platform is still working after half an hour")
			}
		}
		if step.Irreversible {
			t.changed = true
			if result.RemoteID == "" {
				t.w.Fatalf("irreversible step %+v left no id: %+v", step, result)
			}
			if next := t.plan(); next.Irreversible {
				t.w.Fatalf("plan wants a second irreversible step %+v after %+v", next, t.done)
			}
			return nil
		}
	}
	t.w.Fatalf("200 steps and no end; the last were %+v", t.steps[len(t.steps)-5:])
	return nil
}

// Result is what the irreversible step left.
func (t *Try) Result() platforms.StepResult {
	t.w.Helper()
	i := slices.IndexFunc(t.done, func(r platforms.StepResult) bool { return r.RemoteID != "" })
	if i < 0 {
		t.w.Fatalf("nothing was published: %+v", t.done)
	}
	return t.done[i]
}

// perform makes the call of a step. The irreversible one is given up after
// patience, if that is set.
func (t *Try) perform(step platforms.Step) (platforms.StepResult, error) {
	ctx := t.w.Context()
	if step.Irreversible && t.patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, t.patience)
		defer cancel()
	}
	return t.w.Platform.Perform(ctx, t.session, t.pub, slices.Clone(t.done), step)
}

// plan asks twice, so that a plan that depends on anything but its input is
// found.
func (t *Try) plan() platforms.Step {
	t.w.Helper()
	before := slices.Clone(t.done)
	step := t.w.Platform.Plan(t.pub, t.done)
	again := t.w.Suite.New(platforms.Env{HTTP: nil, Now: nil}).Plan(t.pub, slices.Clone(before))
	if diff := cmp.Diff(step, again); diff != "" {
		t.w.Fatalf("the same input gives two plans (-first +second):\n%s", diff)
	}
	if diff := cmp.Diff(before, t.done); diff != "" {
		t.w.Fatalf("plan changed its input:\n%s", diff)
	}
	return step
}

// Settle looks until the platform says something, as often as an engine would.
func (t *Try) Settle() platforms.Evidence {
	t.w.Helper()
	var e platforms.Evidence
	for range 4 {
		t.w.Clock.Advance(time.Minute)
		var err error
		e, err = t.w.Platform.Settle(t.w.Context(), t.session, t.pub, slices.Clone(t.done), t.sentAt)
		t.w.note(e, err)
		if err != nil {
			t.w.Fatalf("settle: %v", err)
		}
		if e.Verdict == platforms.SeenPublic {
			return e
		}
	}
	return e
}

// Finish does what the engine does after an unclear answer: look, and repeat
// only where that is proved to be safe. It tells whether the post is out.
func (t *Try) Finish() bool {
	t.w.Helper()
	certainty := t.w.Platform.Info().CertaintyOf(t.pub)
	for range 5 {
		e := t.Settle()
		switch {
		case e.Verdict == platforms.SeenPublic:
			t.provedPublic(e)
			return true
		case certainty == platforms.CertainByLooking:
			if e.Verdict == platforms.SeenNotPublic {
				t.w.Fatalf("class C: not finding a post was taken for proof: %+v", e)
			}
			return false
		case e.Verdict == platforms.SeenNotPublic, certainty == platforms.CertainByKey && e.Verdict == platforms.SeenNothing:
			if err := t.Run(); err == nil {
				return true
			} else if platforms.KindOf(err) != platforms.Unknown {
				t.w.Fatalf("repeat after %+v: %v", e, err)
			}
		default:
			t.w.Fatalf("settle says %+v, which settles nothing for class %q", e, certainty)
		}
	}
	t.w.Fatalf("still unclear after five looks")
	return false
}

// provedPublic compares what a look found with the record, to which this try has
// added one post.
func (t *Try) provedPublic(e platforms.Evidence) {
	t.w.Helper()
	t.evidence = e
	public := t.w.Public()
	switch {
	case len(public) != t.others+1:
		t.w.Errorf("settle says public, the record holds %d posts, want %d", len(public), t.others+1)
	case e.RemoteID != "" && !sameID(e.RemoteID, public[t.others].ID):
		t.w.Errorf("settle found %q, the record holds %q", e.RemoteID, public[t.others].ID)
	case e.Proof == "":
		t.w.Errorf("evidence without the name of a proof: %+v", e)
	}
}

// sameID allows a record that keeps the last part of a longer id.
func sameID(remote, recorded string) bool {
	return remote == recorded || (recorded != "" && strings.HasSuffix(remote, "/"+recorded))
}

// expectPublic compares the record with what was to be published: exactly the
// given drafts, once each.
func (w *World) expectPublic(drafts ...platforms.Draft) {
	w.Helper()
	public := w.Public()
	if len(public) != len(drafts) {
		w.Fatalf("the record holds %d posts, want %d: %+v", len(public), len(drafts), public)
	}
	for i, d := range drafts {
		w.samePost(public[i], d)
	}
}

func (w *World) samePost(got platforms.SimPost, d platforms.Draft) {
	w.Helper()
	w.sameByRules(got, d, w.Platform.Rules(platforms.Account{}).Usual())
}

func (w *World) sameByRules(got platforms.SimPost, d platforms.Draft, rules platforms.FormatRules) {
	w.Helper()
	if d.Link == nil && got.Text != d.Text {
		w.Errorf("text in the record:\n%q, want\n%q", got.Text, d.Text)
	}
	if first, _, _ := strings.Cut(d.Text, " http"); d.Link != nil && !strings.HasPrefix(got.Text, first) {
		w.Errorf("text in the record %q does not begin with %q", got.Text, first)
	}
	if d.Link != nil && !rules.Link.Plain && len(d.Media) == 0 && got.Link != d.Link.URL {
		w.Errorf("link in the record %q, want %q", got.Link, d.Link.URL)
	}
	var want []platforms.SimMedia
	for _, m := range d.Media {
		s := platforms.SimMedia{Type: m.Type, Width: m.Width, Height: m.Height, SHA256: w.Media.sha256(m.ID)}
		if rules.Media.MaxAlt > 0 {
			s.Alt = m.Alt
		}
		want = append(want, s)
	}
	if diff := cmp.Diff(want, got.Media); diff != "" && len(want)+len(got.Media) > 0 {
		w.Errorf("pictures in the record (-want +got):\n%s", diff)
	}
	if got.Time.IsZero() || got.ID == "" || got.Account == "" {
		w.Errorf("incomplete record: %+v", got)
	}
}
