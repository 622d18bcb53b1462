package practice

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/bandstand-app/bandstand/platforms"
)

// Behaviour is how a make-believe platform treats what comes next, so that
// people can rehearse what may happen.
type Behaviour string

// The behaviours a person can choose.
const (
	Publishes    Behaviour = "publishes"
	SignInGone   Behaviour = "reconnect"
	Slow         Behaviour = "slow"
	RefusesPhoto Behaviour = "refuses_photo"
)

// Behaviours lists them in the order of the screen.
var Behaviours = []Behaviour{Publishes, SignInGone, Slow, RefusesPhoto}

// faults are what the behaviours arm, in the words of package simkit. Count 0
// lasts until it is switched off.
var faults = map[Behaviour]platforms.SimFault{
	SignInGone:   {Operation: "*", Fault: "revoked_token"},
	Slow:         {Operation: "*", Fault: "slow"},
	RefusesPhoto: {Operation: "upload", Fault: "media"},
}

// Behaviour is how a platform behaves at present.
func (w *World) Behaviour(id platforms.ID) Behaviour {
	w.mu.Lock()
	defer w.mu.Unlock()
	return cmp.Or(w.behaviours[id], Publishes)
}

// Behave makes a platform behave in one way from now on. Platforms that share
// a simulator keep theirs.
func (w *World) Behave(id platforms.ID, b Behaviour) error {
	if !slices.Contains(Behaviours, b) {
		return fmt.Errorf("there is no behaviour %q", b)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if cmp.Or(w.behaviours[id], Publishes) == b {
		return nil
	}
	w.behaviours[id] = b
	return w.calm()
}

// Calm ends all faults but those of the behaviours.
func (w *World) Calm() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.calm()
}

func (w *World) calm() error {
	var out []error
	for _, k := range w.sims {
		out = append(out, k.calm())
	}
	return errors.Join(append(out, w.arm())...)
}

// Heal lets a platform accept sign-ins again: a person who reconnects has
// mended it.
func (w *World) Heal(ids ...platforms.ID) error {
	var out []error
	for _, id := range ids {
		if w.Behaviour(id) == SignInGone {
			out = append(out, w.Behave(id, Publishes))
		}
	}
	return errors.Join(out...)
}

func (w *World) arm() error {
	var out []error
	for id, b := range w.behaviours {
		f, ok := faults[b]
		if !ok {
			continue
		}
		f.Platform = id
		out = append(out, w.Fault(f))
	}
	return errors.Join(out...)
}

func sortPosts(posts []platforms.SimPost) {
	slices.SortStableFunc(posts, func(a, b platforms.SimPost) int { return a.Time.Compare(b.Time) })
}
