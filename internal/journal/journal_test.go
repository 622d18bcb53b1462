package journal

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bandstand-app/bandstand/internal/club"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func entry(n int) Entry {
	return Entry{
		At: noon.Add(time.Duration(n) * time.Second), Boot: "boot-1", Delivery: fmt.Sprintf("%032x", n), Attempt: fmt.Sprintf("%032x", n+1000),
		Generation: 1, Key: "key", BodyHash: "hash",
	}
}

func open(t *testing.T, dir string) *Journal {
	t.Helper()
	j, err := Open(dir, func() time.Time { return noon })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = j.Close() })
	return j
}

func add(t *testing.T, j *Journal, entries ...Entry) {
	t.Helper()
	for _, e := range entries {
		if err := j.Append(e); err != nil {
			t.Fatal(err)
		}
	}
}

func wantEntries(t *testing.T, j *Journal, want ...Entry) {
	t.Helper()
	var got []Entry
	if err := j.Read(func(e Entry) error { got = append(got, e); return nil }); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the journal holds other entries (-want +got):\n%s", d)
	}
}

func TestEntriesOutliveTheProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outcome := entry(1)
	outcome.Outcome, outcome.RemoteID, outcome.RemoteURL = "accepted", "at://did/\"x\"\n", "https://x.example/1?ä"
	j := open(t, dir)
	add(t, j, entry(1), outcome)
	if err := j.Try("boot-1"); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, dir)
	add(t, j, entry(2))
	wantEntries(t, j, entry(1), outcome, entry(2))
	p := j.Position()
	if info, err := os.Stat(j.path()); err != nil || info.Size() != p.Offset || info.Mode().Perm() != 0o600 || !p.Last.Equal(entry(2).At) || p.Damaged != 0 {
		t.Errorf("position %+v, file %v, %v", p, info, err)
	}
}

// TestTornLastLineIsNothing: whatever a power cut leaves of a line, it is not
// read, and the next line is whole.
func TestTornLastLineIsNothing(t *testing.T) {
	t.Parallel()
	whole, err := encode(entry(2))
	if err != nil {
		t.Fatal(err)
	}
	torn := [][]byte{bytes.Repeat([]byte{0}, len(whole)), append(bytes.Clone(whole[:40]), "\n"...), append(bytes.Repeat([]byte("x"), 3*maxLine), '\n')}
	for n := range len(whole) {
		torn = append(torn, whole[:n])
	}
	for _, left := range torn {
		dir := t.TempDir()
		j := open(t, dir)
		add(t, j, entry(1))
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(j.path(), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(left); err != nil {
			t.Fatal(err)
		}
		f.Close()
		j = open(t, dir)
		wantEntries(t, j, entry(1))
		add(t, j, entry(3))
		wantEntries(t, j, entry(1), entry(3))
		if p := j.Position(); p.Damaged != 0 {
			t.Errorf("%q counts as damage", left)
		}
	}
}

func TestDamageIsPassedOverAndCounted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	j := open(t, dir)
	add(t, j, entry(1), entry(2), entry(3))
	b, err := os.ReadFile(j.path())
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.SplitAfter(b, []byte("\n"))
	lines[1][30] ^= 1
	if err := os.WriteFile(j.path(), bytes.Join(lines, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	wantEntries(t, j, entry(1), entry(3))
	if p := j.Position(); p.Damaged != 1 {
		t.Errorf("%d lines count as damaged, want 1", p.Damaged)
	}
}

// TestManyShareOneTripToTheDisk: those who come while the disk is busy do not
// wait in a row.
func TestManyShareOneTripToTheDisk(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir())
	var trips atomic.Int32
	begun, busy := make(chan struct{}), make(chan struct{})
	j.sync = func(f *os.File) error {
		if trips.Add(1) == 1 {
			close(begun)
			<-busy
		}
		return f.Sync()
	}
	const many = 32
	var wg sync.WaitGroup
	wg.Go(func() { add(t, j, entry(0)) })
	<-begun
	for n := range many {
		wg.Go(func() { add(t, j, entry(n+1)) })
	}
	for waiting := 0; waiting < many; {
		j.mu.Lock()
		waiting = 0
		if j.next != nil {
			waiting = bytes.Count(j.next.lines, []byte("\n"))
		}
		j.mu.Unlock()
	}
	close(busy)
	wg.Wait()
	if n := trips.Load(); n != 2 {
		t.Errorf("%d trips to the disk, want 2", n)
	}
	n := 0
	if err := j.Read(func(Entry) error { n++; return nil }); err != nil || n != many+1 {
		t.Errorf("%d entries, %v; want %d", n, err, many+1)
	}
}

// TestWhatIsNotOnTheDiskIsAnError: all who share a trip hear of its failure,
// nothing of it is read, and the next line goes well once the disk does.
func TestWhatIsNotOnTheDiskIsAnError(t *testing.T) {
	t.Parallel()
	for errno, key := range map[syscall.Errno]string{syscall.ENOSPC: "error_no_space", syscall.EIO: "error_no_write"} {
		j := open(t, t.TempDir())
		add(t, j, entry(1))
		j.sync = func(*os.File) error { return errno }
		for range 2 {
			err := j.Append(entry(2))
			e, ok := errors.AsType[*club.Error](err)
			if !club.Storage(err) || !ok || e.Key != key || j.Position().Err == nil {
				t.Errorf("%v is reported as %v, %+v", errno, err, j.Position())
			}
		}
		j.sync = (*os.File).Sync
		add(t, j, entry(3))
		wantEntries(t, j, entry(1), entry(3))
		if p := j.Position(); p.Err != nil {
			t.Errorf("the fault is over, and the position says %v", p.Err)
		}
	}
}

func TestFileTakenAwayIsBegunAnew(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir())
	add(t, j, entry(1))
	if err := os.Remove(j.path()); err != nil {
		t.Fatal(err)
	}
	add(t, j, entry(2))
	wantEntries(t, j, entry(2))
}

func TestFullFilesAreKeptForAYearAndMore(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := noon
	j, err := Open(dir, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	j.fullAt = 1 // each file holds one line
	var want []Entry
	for n := range 12 {
		e := entry(n)
		e.At = noon.AddDate(0, 0, 50*n)
		now = e.At
		want = append(want, e)
		add(t, j, e)
	}
	// Rotated on day 550: what ended before day 150 is gone.
	wantEntries(t, j, want[3:]...)
	names, err := filepath.Glob(filepath.Join(dir, FileName+"*"))
	if err != nil || len(names) != 9 || !strings.HasSuffix(names[1], ".000004") {
		t.Errorf("files %v, %v", names, err)
	}
}

func TestEntryTooLongForALine(t *testing.T) {
	t.Parallel()
	j := open(t, t.TempDir())
	e := entry(1)
	e.RemoteURL = strings.Repeat("x", maxLine)
	if err := j.Append(e); err == nil || club.Storage(err) {
		t.Errorf("a line of %d bytes: %v", maxLine, err)
	}
	add(t, j, entry(2))
	wantEntries(t, j, entry(2))
}

// FuzzRead: whatever is in the file, reading ends, and what can be read can be
// written and read again.
func FuzzRead(f *testing.F) {
	one, err := encode(entry(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(one)
	f.Add(append(bytes.Clone(one), one[:20]...))
	f.Add([]byte("00000000 {}\n"))
	f.Add([]byte("\n\n\n"))
	f.Add(bytes.Repeat([]byte{'a'}, 2*maxLine))
	f.Fuzz(func(t *testing.T, b []byte) {
		var entries []Entry
		var again []byte
		w, err := read(bytes.NewReader(b), func(e Entry) error { entries = append(entries, e); return nil })
		if err != nil || w.end > int64(len(b)) {
			t.Fatalf("ends at %d of %d, %v", w.end, len(b), err)
		}
		for _, e := range entries {
			line, err := encode(e)
			if err != nil {
				return // longer than a line of ours may be
			}
			again = append(again, line...)
		}
		var back []Entry
		if _, err := read(bytes.NewReader(again), func(e Entry) error { back = append(back, e); return nil }); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(entries, back); d != "" {
			t.Errorf("read again (-first +second):\n%s", d)
		}
	})
}
