package secret_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/internal/testkit"
)

// TestKeyFileOnAFullDisk: half a key file would keep the program from starting;
// there is none, and when there is room the first start is made as ever.
func TestKeyFileOnAFullDisk(t *testing.T) {
	t.Parallel()
	none, _, _ := testkit.SmallDisk(t, "size=64k,nr_inodes=1") // for the directory itself
	if k, err := secret.Create(filepath.Join(none, "bandstand.key")); !errors.Is(err, syscall.ENOSPC) || k != nil {
		t.Errorf("without room for a name it made %v, %v", k, err)
	}
	dir, fill, free := testkit.SmallDisk(t, "size=64k")
	path := filepath.Join(dir, "bandstand.key")
	fill()
	for range 2 {
		if k, err := secret.Create(path); !errors.Is(err, syscall.ENOSPC) || k != nil {
			t.Errorf("on a full disk it made %v, %v", k, err)
		}
		if _, err := secret.Load(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("half a key file counts as one: %v", err)
		}
	}
	free()
	if _, err := secret.Create(path); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Load(path); err != nil {
		t.Error(err)
	}
}
