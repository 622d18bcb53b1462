package storetest

import (
	"database/sql/driver"
	"errors"
	"io"
	"sync"

	"github.com/mattn/go-sqlite3"
)

// Fault is a way in which one statement fails.
type Fault int

// The faults.
const (
	// Refused: the statement is not carried out.
	Refused Fault = iota
	// Undone: nor is it, and SQLite has taken back the whole transaction, as it
	// does when the disk is full. What came after would be kept by itself.
	Undone
	// Unread: it is carried out, and not one of its rows can be read.
	Unread
	// HalfRead: its first row can be read, and then no more.
	HalfRead
)

// Err is what the fault says.
func (f Fault) Err() error {
	if f == Undone {
		return sqlite3.Error{Code: sqlite3.ErrFull}
	}
	return sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrRead}
}

// Failed says what became of a Fault.
type Failed struct {
	Met       bool   // it came to that
	Statement string // that failed; BEGIN and COMMIT too
	Reads     bool   // it gives rows
}

// Fail lets the nth statement fail that do asks of the database at path, counted
// from 1 with BEGIN and COMMIT.
func Fail(path string, n int, how Fault, do func()) Failed {
	f := &fault{how: how, left: n}
	faults.Store(path, f)
	do()
	faults.Delete(path)
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.Failed
}

// faults are what is to fail in each database: path → *fault.
var faults sync.Map

type fault struct {
	how  Fault
	mu   sync.Mutex
	left int // statements up to the one that fails
	Failed
}

// fails counts a statement for the connection's database, and tells what fails of
// it, if it is the one.
func (c *watchedConn) fails(statement string, reads bool) *fault {
	v, ok := faults.Load(c.path)
	if !ok {
		return nil
	}
	f := v.(*fault)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left--; f.left != 0 {
		return nil
	}
	f.Statement, f.Reads = statement, reads
	return f
}

// err is the error of a statement, and marks that it came to that.
func (f *fault) err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Met = true
	return f.how.Err()
}

// refuse fails a statement before it reaches SQLite, if that is the fault.
func (c *watchedConn) refuse(f *fault) error {
	switch {
	case f == nil || f.how == Unread || f.how == HalfRead:
		return nil
	case f.how == Undone && !c.AutoCommit():
		if _, err := c.SQLiteConn.Exec("ROLLBACK", nil); err != nil {
			return errors.Join(f.err(), err)
		}
	}
	return f.err()
}

// failingRows fail after some rows, or when they are closed before that.
type failingRows struct {
	driver.Rows
	f     *fault
	after int
	done  bool
}

// unreadable gives the rows of a statement their fault.
func unreadable(rows driver.Rows, f *fault) driver.Rows {
	after := 0
	if f.how == HalfRead {
		after = 1
	}
	return &failingRows{Rows: rows, f: f, after: after}
}

// Next implements driver.Rows.
func (r *failingRows) Next(dest []driver.Value) error {
	if r.after--; r.after < 0 {
		r.done = true
		return r.f.err()
	}
	err := r.Rows.Next(dest)
	if errors.Is(err, io.EOF) {
		r.done = true
		return r.f.err()
	}
	return err
}

// Close implements driver.Rows.
func (r *failingRows) Close() error {
	err := r.Rows.Close()
	if !r.done {
		r.done = true
		return r.f.err()
	}
	return err
}
