package jobs

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mattn/go-sqlite3"

	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// refusals is a database that refuses one thing it is asked for, or everything
// from one on.
type refusals struct {
	mu     sync.Mutex
	armed  bool
	passes int // things that it still does
	kind   refusal
	met    string // the first that it refused
	again  int    // how often it refused since
	heard  func(storetest.Asked)
}

// listen tells of everything that the database is asked for from now on.
func (f *refusals) listen(heard func(storetest.Asked)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard = heard
}

// refusal is how a database refuses.
type refusal struct {
	name string
	// says is the error for something that is asked for; nil: it is done.
	says func(writes bool) error
	// lasts: it goes on refusing, until it is lifted.
	lasts bool
	// late: only commits are refused, and are done all the same.
	late bool
	// mayAsk: a post that was not taken may end as a question to a person.
	mayAsk bool
}

var errNobodyKnows = errors.New("nobody knows why")

var refusalKinds = []refusal{
	{name: "full disk, for a moment", says: fullDisk},
	{name: "full disk, for long", says: fullDisk, lasts: true},
	{name: "fault, for a moment", says: func(bool) error { return errNobodyKnows }},
	{name: "fault, for long", says: func(bool) error { return errNobodyKnows }, lasts: true, mayAsk: true},
	{name: "commit that says it failed", says: fullDisk, late: true, mayAsk: true},
	{name: "commit that fails in another way", says: func(bool) error { return errNobodyKnows }, late: true, mayAsk: true},
}

func fullDisk(writes bool) error {
	if writes {
		return sqlite3.Error{Code: sqlite3.ErrFull}
	}
	return nil
}

// arm refuses what comes after so many things.
func (f *refusals) arm(passes int, kind refusal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed, f.passes, f.kind, f.met, f.again = true, passes, kind, "", 0
}

// lift ends it and tells what was refused first; empty: nothing was.
func (f *refusals) lift() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = false
	return f.met
}

// aside does something without it.
func (f *refusals) aside(do func()) {
	f.mu.Lock()
	armed := f.armed
	f.armed = false
	f.mu.Unlock()
	do()
	f.mu.Lock()
	f.armed = armed
	f.mu.Unlock()
}

// refused tells how often it has refused something so far.
func (f *refusals) refused() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.again
}

func (f *refusals) ask(q storetest.Asked) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.heard != nil {
		f.heard(q)
	}
	if !f.armed || f.kind.late != q.Done {
		return nil
	}
	err := f.kind.says(q.Writes)
	switch {
	case err == nil:
		return nil
	case f.passes > 0:
		f.passes--
		return nil
	}
	if f.met == "" {
		f.met = strings.Join(strings.Fields(q.What), " ")
	}
	f.again++
	f.armed = f.kind.lasts
	return err
}

// refusable lets the rig's database be told to refuse.
func refusable(r *rig) { r.refusals = &refusals{} }

// openRefusable opens the database in a directory so that it can be told to refuse.
func (r *rig) openRefusable(dir string) *store.DB {
	r.t.Helper()
	db := storetest.OpenIn(r.t, dir, r.keys, r.clock.Now)
	storetest.Ask(r.t, filepath.Join(dir, store.FileName), r.refusals.ask)
	return db
}

// TestRefusals: what the other tests rely on.
func TestRefusals(t *testing.T) {
	t.Parallel()
	r := newRig(t, "", refusable)
	say := func() error { return r.db.SayAlive(t.Context()) }
	for _, kind := range refusalKinds {
		refusals, n := 0, 0
		for ; ; n++ {
			r.refusals.arm(n, kind)
			err := say()
			if r.refusals.lift() == "" {
				if err != nil {
					t.Errorf("%s: nothing was refused, and it says %v", kind.name, err)
				}
				break
			}
			refusals++
			if err == nil {
				t.Errorf("%s: something was refused, and nobody heard of it", kind.name)
			}
		}
		if want := map[bool]int{true: 1, false: 3}[kind.late]; refusals != want {
			t.Errorf("%s: %d things were refused, want %d", kind.name, refusals, want)
		}
		if err := say(); err != nil {
			t.Errorf("%s: it was lifted, and it says %v", kind.name, err)
		}
	}
}
