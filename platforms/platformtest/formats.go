package platformtest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/platforms/internal/simkit"
)

// This file is about the formats beside the usual one: stories.

// simKinds are what the record calls a post of each format.
var simKinds = map[platforms.Format]string{platforms.FormatStory: platforms.SimStory}

// furtherFormats runs a test for each format beside the usual one, in a world of its
// own.
func (w *World) furtherFormats(test func(*World, platforms.FormatRules)) {
	w.Helper()
	formats := w.Platform.Rules(platforms.Account{}).Formats[1:]
	if len(formats) == 0 {
		w.Skip("this platform takes posts of its feed alone")
	}
	for _, r := range formats {
		w.Run(string(r.Format), func(t *testing.T) { test(w.on(t), r) })
	}
}

// formatDraft is a post of a format with as many pictures as it needs. The text of a
// format that shows none holds what no request may hold.
func (w *World) formatDraft(r platforms.FormatRules, text string) platforms.Draft {
	w.Helper()
	d := w.draftBy(r, text, 0)
	d.Format = r.Format
	if r.NoText {
		d.Text = fileName + text
		for i := range d.Media {
			d.Media[i].Alt = fileName + d.Media[i].Alt
		}
	}
	if ps := platforms.Check(r, d); platforms.Blocks(ps) {
		w.Fatalf("check refuses %+v: %+v", d, ps)
	}
	return d
}

// expectFormat compares the record with what was published: each once, of its kind,
// with its pictures, and without a text where the format shows none.
func (w *World) expectFormat(r platforms.FormatRules, drafts ...platforms.Draft) {
	w.Helper()
	public := w.Public()
	if len(public) != len(drafts) {
		w.Fatalf("the record holds %d posts, want %d: %+v", len(public), len(drafts), public)
	}
	for i, d := range drafts {
		if r.NoText {
			d.Text = ""
		}
		w.sameByRules(public[i], d, r)
		if public[i].Kind != simKinds[r.Format] || public[i].Parent != "" {
			w.Errorf("it is a %q of %q in the record, want a %q", public[i].Kind, public[i].Parent, simKinds[r.Format])
		}
	}
}

// formatsPublish: a post of each further format goes out once, has a page and words
// for its steps, and outlives a restart of the simulator.
func formatsPublish(_ *testing.T, w *World) {
	w.furtherFormats(func(w *World, r platforms.FormatRules) {
		words := w.words()
		s := w.Connect()
		d := w.formatDraft(r, "The new pitch")
		try := w.Try(s, d)
		if err := try.Run(); err != nil {
			w.Fatalf("publish: step %+v: %v", try.failed, err)
		}
		w.expectFormat(r, d)
		irreversible := 0
		for _, step := range try.steps {
			if step.Irreversible {
				irreversible++
			}
			if key := string(w.ID()) + ".step_" + step.Kind; words[key] == "" {
				w.Errorf("no text for %q", key)
			}
		}
		if irreversible != 1 {
			w.Errorf("%d irreversible steps in %+v, want 1", irreversible, try.steps)
		}
		text := d.Text
		if r.NoText {
			text = s.Account.Name
		}
		w.hasPage(s, try.Result(), text)

		saved, err := w.Sim.Save()
		if err != nil {
			w.Fatalf("save: %v", err)
		}
		record := w.Sim.Posts()
		w.start()
		if err := w.Sim.Load(saved); err != nil {
			w.Fatalf("load: %v", err)
		}
		if diff := cmp.Diff(record, w.Sim.Posts()); diff != "" {
			w.Errorf("posts after a restart of the simulator (-before +after):\n%s", diff)
		}
	})
}

// formatsLost: what became of a post of each further format whose answer was lost is
// found out, beside others of the same day.
func formatsLost(_ *testing.T, w *World) {
	for _, fault := range []string{simkit.ResetAfter, simkit.ResetBefore} {
		w.Run(fault, func(t *testing.T) {
			w.on(t).furtherFormats(func(w *World, r platforms.FormatRules) {
				s := w.Connect()
				earlier := w.formatDraft(r, "The old pitch")
				w.Publish(s, earlier)
				w.Clock.Advance(time.Hour)
				s = w.live(s)
				d := w.formatDraft(r, "The new pitch")
				try := w.Try(s, d)
				w.Fault("publish", fault, 1)
				w.expectKind(try.Run(), platforms.Unknown)
				if !try.failed.Irreversible {
					w.Fatalf("the fault hit step %+v", try.failed)
				}
				out := try.Finish()
				switch looking := w.Platform.Info().CertaintyOf(try.pub) == platforms.CertainByLooking; {
				case fault == simkit.ResetBefore && looking && out:
					w.Error("nothing is public, and something was found")
				case fault == simkit.ResetBefore && looking:
					w.expectFormat(r, earlier)
				case !out:
					w.Error("it did not go out, or was not found")
				default:
					w.expectFormat(r, earlier, d)
				}
			})
		})
	}
}

// formatsFaults: the call that makes a post of a further format public meets every
// fault that one of the feed meets.
func formatsFaults(_ *testing.T, w *World) {
	w.furtherFormats(func(w *World, r platforms.FormatRules) {
		for _, fault := range simkit.Faults {
			if slices.Contains([]string{simkit.Slow, simkit.ResetAfter, simkit.ResetBefore}, fault) {
				continue // slow is slow for every post; the others have tests of their own
			}
			w.Run(fault, func(t *testing.T) {
				w := w.on(t)
				w.lastCallMeets(w.Try(w.Connect(), w.formatDraft(r, "It meets fault "+fault)), fault)
			})
		}
	})
}

// formatsNumbers: its numbers are read while there are any, and after that the reader
// says nothing or refuses, with few calls.
func formatsNumbers(_ *testing.T, w *World) {
	w.furtherFormats(func(w *World, r platforms.FormatRules) {
		p, ok := w.Platform.(platforms.NumbersReader)
		if !ok {
			w.Skip("this platform has no numbers")
		}
		s := w.Connect()
		out := w.Publish(s, w.formatDraft(r, "Count me"))
		for _, wait := range []time.Duration{time.Hour, 6 * time.Hour, 48 * time.Hour} {
			w.Clock.Advance(wait)
			s = w.live(s)
			before := w.calls.count()
			n, err := p.PostNumbers(w.Context(), s, out.RemoteID)
			w.note(n, string(n.Raw), err)
			if made := w.calls.count() - before; made > mostNumberCalls {
				w.Errorf("after %v: %d calls for the numbers of one post", wait, made)
			}
			switch {
			case wait < 24*time.Hour && (err != nil || len(n.Values) == 0):
				w.Errorf("after %v: numbers are %+v, %v", wait, n, err)
			case err != nil:
				w.expectKind(err, platforms.Rejected)
			}
			for k, v := range n.Values {
				if !w.offers(k) || v < 0 {
					w.Errorf("%d %q, which Info().Numbers does not offer", v, k)
				}
			}
		}
	})
}

// mostNumberCalls is how many calls the numbers of one post may take.
const mostNumberCalls = 4
