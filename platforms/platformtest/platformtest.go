// Package platformtest is the one test that every platform passes against its
// own simulator, over real HTTP: signing in, publishing, what happens when an
// answer is lost, numbers, limits, and what must never be printed. It plays
// the part of the engine in the simplest way and knows no platform by name.
package platformtest

import (
	"testing"

	"github.com/bandstand-app/bandstand/platforms"
)

// Suite says what is tested, and the few things a suite cannot guess.
type Suite struct {
	New    func(platforms.Env) platforms.Platform
	NewSim func(platforms.SimEnv) platforms.Simulator

	// App holds the credentials of the platform app. Where it is nil the suite
	// makes up a value for every AppField.
	App platforms.App
	// Typed is what a person types, by field: of PasswordSignIn, and of consent
	// pages that have a sign-in step.
	Typed map[string]string
	// TypedWrong is what a person types who must not get in, for PasswordSignIn.
	TypedWrong map[string]string
	// RenewsOnce: a refresh token works once, so that an answer which is lost on
	// its way takes the sign-in with it. Elsewhere the same token can be used
	// again, for a while or always.
	RenewsOnce bool
	// Pick chooses the account when a sign-in gives several. The first usable
	// one if nil.
	Pick func([]platforms.Account) platforms.Account
	// Also allows more kinds for one fault, beyond the table of this package:
	// "publish/rate_limited".
	Also map[string][]platforms.Kind
	// Without names cases that make no sense for this platform, with the
	// reason: "link post". The reason is logged.
	Without map[string]string
	// Clock, if set, is the clock of the world, which others may go by too.
	Clock *Clock
	// Text makes a text that measures exactly n by the rule of this unit, where
	// the suite's own fillers cannot.
	Text map[string]func(n int) string
}

// Run runs every case as a subtest of t.
func Run(t *testing.T, s Suite) {
	t.Helper()
	cases := []struct {
		name string
		run  func(*testing.T, *World)
	}{
		{"info is complete", infoIsComplete},
		{"catalogue has every word", catalogueHasEveryWord},
		{"preview shows the post", previewShowsThePost},
		{"rules have sources", rulesHaveSources},

		{"connect", connect},
		{"wrong sign-in", wrongSignIn},
		{"denied consent", deniedConsent},
		{"check reports features", checkReportsFeatures},
		{"renewal rotates", renewalRotates},
		{"expired access is told apart", expiredAccess},
		{"renewal faults keep the sign-in", renewalFaults},
		{"answer lost after renewing", lostRenewal},
		{"revoked is told apart", revoked},
		{"disconnecting ends the sign-in", disconnecting},
		{"answers are dated", answersAreDated},
		{"accounts of one sign-in go together", sharedSignIn},

		{"text post", textPost},
		{"blank lines around a text are not sent", blankLines},
		{"link post", linkPost},
		{"one photo", onePhoto},
		{"as many photos as allowed", mostPhotos},
		{"text at the limit, and beyond", textLimits},
		{"texts of any length are counted in time", measuresAreLinear},
		{"plan is pure", planIsPure},
		{"a post has an address", postHasAddress},

		{"posting leaves something to spare", postingLeavesSomething},

		{"answer lost after publishing", lostAfter},
		{"connection lost before publishing", lostBefore},
		{"publish faults", publishFaults},
		{"nothing below repeats a call", nothingRepeats},
		{"unreachable is not sent", unreachable},
		{"upload faults", uploadFaults},
		{"look faults prove nothing", lookFaults},

		{"options are sent as they were chosen", optionsAreSent},
		{"parts follow a post in their order", partsFollow},
		{"text of a part at the limit, and beyond", partTextLimits},
		{"answer lost after publishing a part", partLostAfter},
		{"connection lost before publishing a part", partLostBefore},
		{"publish faults of a part", partFaults},
		{"look faults prove nothing about a part", partLookFaults},
		{"parts of the same words are told apart by what they follow", partsOfTheSameWords},
		{"a part whose parent is gone", partWithoutParent},

		{"a post of a further format", formatsPublish},
		{"answer lost about a post of a further format", formatsLost},
		{"publish faults of a further format", formatsFaults},
		{"numbers of a further format", formatsNumbers},

		{"numbers grow", numbersGrow},
		{"numbers of several posts", numbersTogether},
		{"numbers faults", numbersFaults},

		{"simulator keeps its state", simulatorKeepsState},
		{"simulator forgets on reset", simulatorForgets},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if why, off := s.Without[c.name]; off {
				t.Skip(why)
			}
			w := NewWorld(t, s)
			c.run(t, w)
			w.nothingSecretLeaked()
			w.limitsMakeSense()
			if paths := w.calls.withoutName(); paths != nil {
				w.Errorf("requests without the user agent: %q", paths)
			}
		})
	}
}
