package journal

import (
	"errors"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/testkit"
)

// TestFullDiskTakesNoLine is rules P1 and D8: what is not wholly on the disk is an error,
// is not read afterwards, and costs no line that was.
func TestFullDiskTakesNoLine(t *testing.T) {
	t.Parallel()
	dir, fill, free := testkit.SmallDisk(t, "size=256k")
	j := open(t, dir)
	add(t, j, entry(1))
	fill()
	want := []Entry{entry(1)}
	var err error
	for n := 2; err == nil; n++ { // the last block has room for some
		if err = j.Append(entry(n)); err == nil {
			want = append(want, entry(n))
		}
	}
	e, ok := errors.AsType[*club.Error](err)
	if !ok || e.Code != club.Full || e.Key != "error_no_space" || j.Position().Err == nil {
		t.Errorf("on a full disk it says %v, %+v", err, j.Position())
	}
	wantEntries(t, j, want...)
	for range 2 {
		if err := j.Append(entry(998)); !club.Storage(err) {
			t.Errorf("the disk is still full, and a line is taken: %v", err)
		}
	}
	free()
	add(t, j, entry(999))
	wantEntries(t, j, append(want, entry(999))...)
	if p := j.Position(); p.Err != nil || p.Damaged != 0 {
		t.Errorf("there is room again, and it says %+v", p)
	}
}

// TestStartOnAFullDisk: there is no room for the file, and that is what people
// are told: the program waits for it (rule D8).
func TestStartOnAFullDisk(t *testing.T) {
	t.Parallel()
	dir, _, _ := testkit.SmallDisk(t, "size=64k,nr_inodes=1") // for the directory itself
	_, err := Open(dir, time.Now)
	if e, ok := errors.AsType[*club.Error](err); !ok || e.Key != "error_no_space" {
		t.Errorf("on a full disk it says %v", err)
	}
}
