package store

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/mattn/go-sqlite3"
)

// Damage is what was found wrong with the database while it was open.
type Damage struct {
	At   time.Time // zero: nothing
	Said string    // in SQLite's words
}

// damage keeps the first that is found, until the program ends.
type damage struct {
	mu     sync.Mutex
	opened bool // before that, damage is for the start to tell of
	found  Damage
}

func (d *damage) open() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened = true
}

// Damage is what any call found wrong with the database since it was opened. It
// never goes by itself: what was read, and what is written, may be wrong since
// long before.
func (db *DB) Damage() Damage {
	db.damage.mu.Lock()
	defer db.damage.mu.Unlock()
	return db.damage.found
}

// noteDamage keeps what was found, here and beside the database, so that the next
// start examines all of it although the program is stopped in good order.
func (db *DB) noteDamage(said string) {
	db.damage.mu.Lock()
	defer db.damage.mu.Unlock()
	if !db.damage.opened || !db.damage.found.At.IsZero() {
		return
	}
	db.damage.found = Damage{At: db.now(), Said: said}
	note := fmt.Sprintf("%s: %s\n", db.damage.found.At.UTC().Format(time.RFC3339), said)
	_ = os.WriteFile(damageNote(db.path), []byte(note), 0o600) // there may be no space: then this start is all that knows
	db.signal()
}

func damageNote(path string) string { return path + ".damaged" }

func knownDamage(path string) bool {
	_, err := os.Stat(damageNote(path))
	return err == nil
}

// forgetDamage: the database was examined, and is well.
func forgetDamage(path string) error {
	if err := os.Remove(damageNote(path)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("forget that the database was damaged: %w", err)
	}
	return nil
}

// said is what SQLite says in an error.
func said(err error) string {
	if e, ok := errors.AsType[sqlite3.Error](err); ok {
		return e.Error()
	}
	return err.Error()
}
