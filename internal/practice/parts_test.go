package practice_test

import (
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/cmd/bandstand/catalogue"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/platformtest"
)

// stand is one platform with its simulator in a practice world, and a post that is
// public.
type stand struct {
	*platformtest.World
	practice *practice.World
	session  platforms.Session
	post     platforms.StepResult
}

// newStand builds the platform; false if nothing follows its posts and it takes no
// format but the usual one.
func newStand(t *testing.T, build func(platforms.Env) platforms.Platform) (*stand, bool) {
	t.Helper()
	bare := build(platforms.Env{})
	rules := bare.Rules(platforms.Account{})
	if rules.Usual().Parts.Most() < 2 && len(rules.Formats) < 2 {
		return nil, false
	}
	suite := platformtest.Suite{New: build}
	if p, ok := bare.(platforms.PasswordSignIn); ok {
		suite.Typed = platforms.PracticeSignIn(p)
	}
	for _, sim := range catalogue.New("test").Simulators {
		s := sim(platforms.SimEnv{Now: time.Now})
		if s.Fault(platforms.SimFault{Platform: bare.Info().ID, Operation: "*", Fault: "slow", Count: 1}) == nil {
			suite.NewSim = sim
		}
	}
	w := platformtest.NewWorld(t, suite)
	world, err := practice.Open("", []platforms.Simulator{w.Sim}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	st := &stand{World: w, practice: world, session: w.Connect()}
	st.post = w.Publish(st.session, st.draft(rules.Usual(), "Trials are open"))
	w.Clock.Advance(2 * time.Minute)
	return st, true
}

// draft is a text with as many pictures as the rules insist on, and one if pictures
// are asked for.
func (st *stand) draft(rules platforms.FormatRules, text string, pictures ...int) platforms.Draft {
	d := platforms.Draft{Format: rules.Format, Text: text}
	if rules.NoText {
		d.Text = ""
	}
	for range max(rules.Media.Min, len(pictures)) {
		d.Media = append(d.Media, st.Media.Make(rules.Media.Image.Types[0], 1080, 1080, "A ball"))
	}
	return d
}

// part are the rules of what follows the post.
func (st *stand) part() (platforms.FormatRules, bool) {
	rules := st.Platform.Rules(st.session.Account)
	return rules.Of(platforms.Publication{Reply: &platforms.ReplyTo{}}), rules.Usual().Parts.Most() > 1
}

// publish performs every step of a draft; after, it follows the post.
func (st *stand) publish(d platforms.Draft, after bool) error {
	pub := st.Publication(d)
	if after {
		ref := platforms.Ref{ID: st.post.RemoteID, Version: st.post.RemoteVersion}
		pub.Reply = &platforms.ReplyTo{Root: ref, Parent: ref}
	}
	var done []platforms.StepResult
	for range 100 {
		step := st.Platform.Plan(pub, done)
		if step.Kind == "" {
			return nil
		}
		result, err := st.Platform.Perform(st.Context(), st.session, pub, done, step)
		switch {
		case err != nil:
			return err
		case result.State == platforms.StepFailed:
			return &platforms.Error{Kind: platforms.MediaRejected}
		case step.Waits && result.State == platforms.StepWorking:
			st.Clock.Advance(10 * time.Second)
		default:
			done = append(done, result)
		}
		if step.Irreversible {
			return nil
		}
	}
	return errors.New("a hundred steps and no end")
}

func (st *stand) behave(b practice.Behaviour) {
	st.Helper()
	if err := st.practice.Behave(st.ID(), b); err != nil {
		st.Fatal(err)
	}
}

// expect compares how a try ended and what is public with what ought to be.
func (st *stand) expect(what string, err error, public int, kinds ...platforms.Kind) {
	st.Helper()
	if (err == nil) != (len(kinds) == 0) || err != nil && !slices.Contains(kinds, platforms.KindOf(err)) {
		st.Errorf("%s ended with %v, want one of %q", what, err, kinds)
	}
	if n := len(st.Public()); n != public {
		st.Errorf("%s: %d are public, want %d", what, n, public)
	}
}

// TestWhatIsRehearsedMeetsPartsAndStoriesAsItMeetsPosts: whatever a club lets its
// make-believe platforms do, they do it to all that can be published.
func TestWhatIsRehearsedMeetsPartsAndStoriesAsItMeetsPosts(t *testing.T) {
	t.Parallel()
	took := 0
	for _, build := range catalogue.New("test").Platforms {
		st, ok := newStand(t, build)
		if !ok {
			continue
		}
		took++
		t.Run(string(st.ID()), func(t *testing.T) {
			t.Parallel() // slow is slow by the real clock
			st.T = t
			public := 1
			ended := []platforms.Kind{platforms.Revoked, platforms.Expired}
			refused := []platforms.Kind{platforms.MediaRejected, platforms.Rejected}
			if rules, ok := st.part(); ok {
				st.behave(practice.SignInGone)
				st.expect("a part without a sign-in", st.publish(st.draft(rules, "Bring boots"), true), public, ended...)
				if err := st.practice.Heal(st.ID()); err != nil {
					t.Fatal(err)
				}
				public++
				st.expect("a part after reconnecting", st.publish(st.draft(rules, "Bring boots"), true), public)
				st.behave(practice.RefusesPhoto)
				if rules.Media.Max > 0 {
					st.expect("a part with a photo", st.publish(st.draft(rules, "See the map", 1), true), public, refused...)
				}
				public++
				st.expect("a part of words alone", st.publish(st.draft(rules, "See you there"), true), public)
				st.behave(practice.Slow)
				public++
				began := time.Now()
				st.expect("a slow part", st.publish(st.draft(rules, "Do not be late"), true), public)
				if took := time.Since(began); took < time.Second {
					t.Errorf("a slow platform took %s for a part", took)
				}
			}
			for _, rules := range st.Platform.Rules(st.session.Account).Formats[1:] {
				st.behave(practice.SignInGone)
				st.expect("a story without a sign-in", st.publish(st.draft(rules, ""), false), public, ended...)
				st.behave(practice.RefusesPhoto)
				st.expect("a story with a photo", st.publish(st.draft(rules, "", 1), false), public, refused...)
				st.behave(practice.Publishes)
				public++
				st.expect("a story", st.publish(st.draft(rules, "", 1), false), public)
			}
		})
	}
	if took == 0 {
		t.Error("nothing follows a post of any platform, so nothing was tried")
	}
}
