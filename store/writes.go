package store

import (
	"runtime"
	"strings"
	"sync"
	"time"
)

// WriteLimit is how long a write transaction may take: everybody else who writes
// waits for it (rule D4).
const WriteLimit = 50 * time.Millisecond

// Write is a write transaction that was made.
type Write struct {
	Took time.Duration // zero: there was none
	By   string        // the function of this package
}

// writes keeps the longest, since the start and since somebody last looked.
type writes struct {
	mu               sync.Mutex
	longest, unheard Write
}

// LongestWrite is the write transaction that took longest since the database was
// opened. Waiting for its turn does not count.
func (db *DB) LongestWrite() Write {
	db.writes.mu.Lock()
	defer db.writes.mu.Unlock()
	return db.writes.longest
}

// TakeLongWrite is the longest write transaction beyond WriteLimit since this was
// last asked; zero if there was none.
func (db *DB) TakeLongWrite() Write {
	db.writes.mu.Lock()
	defer db.writes.mu.Unlock()
	w := db.writes.unheard
	db.writes.unheard = Write{}
	return w
}

// timeWrite begins to time a write transaction.
func (db *DB) timeWrite() (done func()) {
	begun := time.Now() //nolint:forbidigo // how long something takes is no matter of what time it is
	return func() {
		took := time.Since(begun)
		w := &db.writes
		w.mu.Lock()
		defer w.mu.Unlock()
		if took <= w.longest.Took && (took <= WriteLimit || took <= w.unheard.Took) {
			return
		}
		this := Write{Took: took, By: writer()}
		if took > w.longest.Took {
			w.longest = this
		}
		if took > WriteLimit && took > w.unheard.Took {
			w.unheard = this
		}
	}
}

// writer names the function that asked for the transaction.
func writer() string {
	var pcs [12]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs[:])])
	for {
		f, more := frames.Next()
		name := f.Function[strings.LastIndex(f.Function, "/")+1:]
		if _, method, ok := strings.Cut(name, "(*DB)."); ok {
			method, _, _ = strings.Cut(method, ".")
			switch method {
			case "inTx", "writeTx", "timeWrite":
			default:
				return method
			}
		}
		if !more {
			return ""
		}
	}
}
