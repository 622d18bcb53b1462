package journal

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/bandstand-app/bandstand/internal/disk"
	"github.com/bandstand-app/bandstand/internal/failpoint"
)

// FileName is the journal inside the data directory. Full files get a dot and
// six digits behind it, counting up.
const FileName = "publish.journal"

// keepFor is how long a full file is kept after its last line.
const keepFor = 400 * 24 * time.Hour

// Journal is open for adding lines. It is safe for use by many at once.
type Journal struct {
	dir    string
	now    func() time.Time
	fullAt int64
	sync   func(*os.File) error

	mu   sync.Mutex
	next *batch // lines that wait for the disk
	pos  Position

	disk sync.Mutex // held by whoever writes
	file *os.File   // nil: to be opened, after a fault
	size int64      // of file, as far as it is known to be on the disk
}

// Position is how far a journal is.
type Position struct {
	File    string
	Offset  int64     // bytes of File
	Last    time.Time // when the last line was written
	Damaged int       // lines that could not be read at the start, but for a torn last one
	Err     error     // the last line could not be written: nothing is sent
}

// batch is lines that reach the disk together.
type batch struct {
	lines []byte
	last  time.Time
	done  chan struct{}
	err   error
}

// Open opens the journal in dir, making it if there is none. A torn last line
// is removed: the call that it was for was never made.
func Open(dir string, now func() time.Time) (*Journal, error) {
	j := &Journal{dir: dir, now: now, fullAt: fullAt, sync: (*os.File).Sync, size: math.MaxInt64}
	last, err := j.open()
	if err != nil {
		err = fmt.Errorf("open the publish journal: %w", err)
		if disk.IsFull(err) {
			err = disk.Fault(err)
		}
		return nil, err
	}
	j.pos = Position{File: FileName, Offset: j.size, Last: last}
	return j, nil
}

// Close lets go of the file.
func (j *Journal) Close() error {
	j.disk.Lock()
	defer j.disk.Unlock()
	if j.file == nil {
		return nil
	}
	err := j.file.Close()
	j.file = nil
	return err
}

// Position tells how far the journal is.
func (j *Journal) Position() Position {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.pos
}

// Append adds an entry and returns once it is on the disk. Those who come while
// the disk is busy go to it together. An error is of the kind that
// club.Storage knows: nothing was written, and what the entry announces must
// not be done.
func (j *Journal) Append(e Entry) error {
	line, err := encode(e)
	if err != nil {
		return err
	}
	j.mu.Lock()
	b := j.next
	first := b == nil
	if first {
		b = &batch{done: make(chan struct{})}
		j.next = b
	}
	b.lines = append(b.lines, line...)
	b.last = e.At
	j.mu.Unlock()
	if !first {
		<-b.done
		return b.err
	}
	j.disk.Lock()
	defer j.disk.Unlock()
	j.mu.Lock()
	j.next = nil
	j.mu.Unlock()
	b.err = fault(j.write(b.lines))
	j.mu.Lock()
	j.pos.Err = b.err
	if b.err == nil {
		j.pos.Offset, j.pos.Last = j.size, b.last
	}
	j.mu.Unlock()
	close(b.done)
	return b.err
}

// Try tells whether lines can be written, by writing one that says nothing.
func (j *Journal) Try(boot string) error { return j.Append(Entry{At: j.now(), Boot: boot}) }

// write puts lines on the disk. After a fault, or when somebody took the file
// away, it is opened anew.
func (j *Journal) write(lines []byte) error {
	if j.file != nil && !j.inPlace() {
		_ = j.file.Close() // all of it is on the disk, wherever that is now
		j.file, j.size = nil, math.MaxInt64
	}
	if j.file == nil {
		if _, err := j.open(); err != nil {
			return err
		}
	}
	if j.size >= j.fullAt {
		if err := j.rotate(); err != nil {
			return err
		}
	}
	if err := failpoint.Hit("journal.before"); err != nil {
		return err
	}
	_, err := j.file.Write(lines)
	if err == nil {
		err = failpoint.Hit("journal.written")
	}
	if err == nil {
		err = j.sync(j.file)
	}
	if err == nil {
		err = failpoint.Hit("journal.after")
	}
	if err != nil {
		err = errors.Join(err, j.file.Close())
		j.file = nil
		return err
	}
	j.size += int64(len(lines))
	return nil
}

// inPlace tells whether the open file is still the one at its path.
func (j *Journal) inPlace() bool {
	open, err := j.file.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(j.path())
	return err == nil && os.SameFile(open, there)
}

// open opens the file, cuts off what is behind its last whole line, and what is
// behind size: that was never promised to anybody.
func (j *Journal) open() (last time.Time, err error) {
	there, last, err := scan(j.path(), func(Entry) error { return nil })
	if err != nil {
		return last, err
	}
	f, err := os.OpenFile(j.path(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return last, err
	}
	size := min(j.size, there.end)
	err = f.Truncate(size)
	if err == nil {
		err = j.sync(f)
	}
	if err == nil {
		err = disk.SyncDir(j.dir)
	}
	if err != nil {
		return last, errors.Join(err, f.Close())
	}
	j.file, j.size = f, size
	return last, nil
}

// rotate gives the full file a number and begins another.
func (j *Journal) rotate() error {
	full, err := fullFiles(j.dir)
	if err != nil {
		return err
	}
	next := 1
	if n := len(full); n > 0 {
		next = full[n-1].number + 1
	}
	err = j.file.Close()
	j.file = nil
	if err != nil {
		return err
	}
	if err := failpoint.Hit("journal.rotate.before"); err != nil {
		return err
	}
	if err := os.Rename(j.path(), fmt.Sprintf("%s.%06d", j.path(), next)); err != nil {
		return err
	}
	if err := failpoint.Hit("journal.rotate.after"); err != nil {
		return err
	}
	if _, err := j.open(); err != nil {
		return err
	}
	return j.forget(full)
}

// forget removes full files whose last line is too old to matter.
func (j *Journal) forget(full []fullFile) error {
	for _, f := range full {
		_, last, err := scan(f.path, func(Entry) error { return nil })
		if err != nil {
			return err
		}
		if j.now().Sub(last) <= keepFor {
			return nil
		}
		if err := os.Remove(f.path); err != nil {
			return err
		}
	}
	return nil
}

func (j *Journal) path() string { return filepath.Join(j.dir, FileName) }

// fullFile is a file that gets no more lines.
type fullFile struct {
	path   string
	number int
}

// fullFiles lists them, oldest first.
func fullFiles(dir string) ([]fullFile, error) {
	names, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var full []fullFile
	for _, n := range names {
		digits, ok := strings.CutPrefix(n.Name(), FileName+".")
		if number, err := strconv.Atoi(digits); ok && err == nil {
			full = append(full, fullFile{filepath.Join(dir, n.Name()), number})
		}
	}
	slices.SortFunc(full, func(a, b fullFile) int { return cmp.Compare(a.number, b.number) })
	return full, nil
}

// fault makes an error that people understand of a disk that takes no lines.
func fault(err error) error {
	if err == nil {
		return nil
	}
	return disk.Fault(fmt.Errorf("write the publish journal: %w", err))
}

// Read gives every entry of all files in the order in which they were written.
// A torn last line is nothing; other damage is counted in Position.
func (j *Journal) Read(each func(Entry) error) error {
	full, err := fullFiles(j.dir)
	if err != nil {
		return fmt.Errorf("read the publish journal: %w", err)
	}
	damaged := 0
	for _, f := range append(full, fullFile{path: j.path()}) {
		whole, _, err := scan(f.path, each)
		if err != nil {
			return err
		}
		damaged += whole.damaged
	}
	j.mu.Lock()
	j.pos.Damaged = damaged
	j.mu.Unlock()
	return nil
}

// Others says which of these posts, by their ids at the platform, the calls of
// other deliveries have made.
func (j *Journal) Others(delivery string, ids []string) (map[string]bool, error) {
	j.disk.Lock() // no file is given another name meanwhile
	defer j.disk.Unlock()
	full, err := fullFiles(j.dir)
	if err != nil {
		return nil, fmt.Errorf("read the publish journal: %w", err)
	}
	others := map[string]bool{}
	for _, f := range append(full, fullFile{path: j.path()}) {
		_, _, err := scan(f.path, func(e Entry) error {
			if e.RemoteID != "" && e.Delivery != delivery && slices.Contains(ids, e.RemoteID) {
				others[e.RemoteID] = true
			}
			return nil
		})
		if err != nil {
			return others, err
		}
	}
	return others, nil
}

// scan reads a file. The time is that of its last entry. A file that is not
// there is empty.
func scan(path string, each func(Entry) error) (whole, time.Time, error) {
	var last time.Time
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return whole{}, last, nil
	}
	if err != nil {
		return whole{}, last, fmt.Errorf("read the publish journal: %w", err)
	}
	defer f.Close()
	w, err := read(f, func(e Entry) error {
		last = e.At
		if e.Delivery == "" {
			return nil
		}
		return each(e)
	})
	if err != nil {
		return w, last, fmt.Errorf("read the publish journal: %w", err)
	}
	return w, last, nil
}

// whole is how much of a file can be read.
type whole struct {
	end     int64 // bytes, up to the end of the last line that can be read
	damaged int   // lines before that which cannot
}

// read gives every entry of r. What is behind the last line that can be read
// was torn when it was written, and is nothing.
func read(r io.Reader, each func(Entry) error) (whole, error) {
	var w whole
	lines, unread := newLines(r), 0
	for {
		b, err := lines.next()
		if errors.Is(err, io.EOF) {
			return w, nil
		}
		if err != nil {
			return w, err
		}
		e, err := decode(b)
		if err != nil {
			unread++
			continue
		}
		w.end, w.damaged, unread = lines.end, w.damaged+unread, 0
		if err := each(e); err != nil {
			return w, err
		}
	}
}
