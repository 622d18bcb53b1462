package store_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/secret"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// crashed is a data directory as a killed program leaves it: the log is still
// there, and a part of the posts is in the log alone.
func crashed(t *testing.T, keys *secret.Keyset, harm func(db, wal []byte) ([]byte, []byte)) string {
	t.Helper()
	ctx, dir, clock := t.Context(), t.TempDir(), storetest.NewClock()
	db, err := store.Open(ctx, dir, keys, clock.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	c := storetest.NewClub(t, db)
	for range 40 {
		c.Post(club.Content{Text: strings.Repeat("The raffle is back. ", 100)})
	}
	if err := db.Checkpoint(ctx); err != nil {
		t.Fatal(err)
	}
	for range 40 {
		c.Post(club.Content{Text: strings.Repeat("The raffle is on. ", 100)})
	}
	copied := t.TempDir()
	name := store.FileName
	file, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(filepath.Join(dir, name+"-wal"))
	if err != nil {
		t.Fatal(err)
	}
	file, log = harm(file, log)
	for as, data := range map[string][]byte{name: file, name + "-wal": log} {
		if err := os.WriteFile(filepath.Join(copied, as), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return copied
}

func TestAfterACrashTheWholeDatabaseIsRead(t *testing.T) {
	t.Parallel()
	keys, err := secret.Create(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	zero := func(b []byte, from, n int) []byte {
		copy(b[from:from+n], bytes.Repeat([]byte{0}, n))
		return b
	}
	const page = 4096
	for _, tt := range []struct {
		name    string
		harm    func(db, wal []byte) ([]byte, []byte)
		refused bool
	}{
		{"unharmed", func(db, wal []byte) ([]byte, []byte) { return db, wal }, false},
		{"the log ends in the middle of a page", func(db, wal []byte) ([]byte, []byte) { return db, wal[:len(wal)-page/2] }, false},
		{"the last pages of the log are torn", func(db, wal []byte) ([]byte, []byte) { return db, zero(wal, len(wal)-2*page, 100) }, false},
		{"the log is lost", func(db, _ []byte) ([]byte, []byte) { return db, []byte{1} }, false},
		{"a page in the middle is gone", func(db, wal []byte) ([]byte, []byte) { return zero(db, len(db)/page/2*page, page), wal[:32] }, true},
		{"half of the file is gone", func(db, wal []byte) ([]byte, []byte) { return db[:len(db)/2/page*page], wal[:32] }, true},
		{"the beginning is gone", func(db, wal []byte) ([]byte, []byte) { return zero(db, 0, page), wal[:32] }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			db, err := store.Open(t.Context(), crashed(t, keys, tt.harm), keys, storetest.NewClock().Now)
			if err == nil {
				defer db.Close()
				if !db.Unclean() {
					t.Error("the database looks as if it had been closed")
				}
				err = db.ExamineAfterCrash(t.Context())
			}
			if refused := err != nil; refused != tt.refused {
				t.Fatalf("refused: %v (%v)", refused, err)
			}
			if tt.refused {
				if !strings.Contains(err.Error(), "is damaged") || !strings.Contains(err.Error(), "last backup") {
					t.Errorf("says %q, which helps nobody", err)
				}
				return
			}
			if x, err := db.Examined(t.Context()); err != nil || x.At.IsZero() || x.Trouble != "" {
				t.Errorf("Examined = %+v, %v", x, err)
			}
		})
	}
}

func TestAfterACleanStopNothingIsExamined(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	keys, err := secret.Create(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		db, err := store.Open(t.Context(), dir, keys, storetest.NewClock().Now)
		if err != nil {
			t.Fatal(err)
		}
		if db.Unclean() {
			t.Error("a clean stop looks like a crash")
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
