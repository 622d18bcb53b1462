package datadir

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// TestPlaceOfTheData is row 38 and rule D3: data that lies elsewhere than before, or
// that was put back, is not published from until an admin has answered. A
// restart, and another name of the same directory, are neither.
func TestPlaceOfTheData(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		meanwhile func(t *testing.T, data string) (now string)
		want      club.Phase
	}{
		"restarted": {func(_ *testing.T, data string) string { return data }, ""},
		"renamed": {func(t *testing.T, data string) string {
			t.Helper()
			if err := os.Rename(data, data+"-new"); err != nil {
				t.Fatal(err)
			}
			return data + "-new"
		}, ""},
		"copied": {func(t *testing.T, data string) string {
			t.Helper()
			if err := os.CopyFS(data+"-copy", os.DirFS(data)); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(data+"-copy", "keys"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(filepath.Join(data+"-copy", "keys", "bandstand.key"), 0o600); err != nil {
				t.Fatal(err)
			}
			return data + "-copy"
		}, club.Clone},
		"put back": {func(t *testing.T, data string) string {
			t.Helper()
			if err := os.WriteFile(filepath.Join(data, restoreMarker), nil, 0o600); err != nil {
				t.Fatal(err)
			}
			return data
		}, club.Restored},
		"of a version that left no mark": {func(t *testing.T, data string) string {
			t.Helper()
			app := openAt(t, data)
			if _, err := app.db.Writer().ExecContext(t.Context(), `DELETE FROM installation WHERE key = 'mark'`); err != nil {
				t.Fatal(err)
			}
			return dropMark(t, app)
		}, ""},
		"an older database": {func(t *testing.T, data string) string {
			t.Helper()
			old := readAll(t, data, store.FileName)
			if err := openAt(t, data).Close(); err != nil {
				t.Fatal(err)
			}
			return writeOver(t, data, old)
		}, club.Restored},
		"a copy that was made a moment ago": {func(t *testing.T, data string) string {
			t.Helper()
			app, backup := openAt(t, data), t.TempDir()
			if _, err := app.db.Writer().ExecContext(t.Context(), `VACUUM INTO ?`, filepath.Join(backup, store.FileName)); err != nil {
				t.Fatal(err)
			}
			if err := app.Close(); err != nil {
				t.Fatal(err)
			}
			return writeOver(t, data, readAll(t, backup, store.FileName))
		}, club.Restored},
		"the whole directory, written over itself": {func(t *testing.T, data string) string {
			t.Helper()
			old := readAll(t, data, store.FileName, markName, lockName)
			if err := openAt(t, data).Close(); err != nil {
				t.Fatal(err)
			}
			return writeOver(t, data, old)
		}, club.Restored},
		"the mark is lost": {func(t *testing.T, data string) string { t.Helper(); return dropMark(t, openAt(t, data)) }, club.Restored},
		"killed when the next mark was written": {func(t *testing.T, data string) string {
			t.Helper()
			app := openAt(t, data)
			if _, err := writeMark(app.markPath() + ".new"); err != nil {
				t.Fatal(err)
			}
			return data + closed(t, app)
		}, ""},
		"killed when both marks were named": {func(t *testing.T, data string) string {
			t.Helper()
			app := openAt(t, data)
			there, err := app.readMark()
			if err != nil {
				t.Fatal(err)
			}
			next, err := writeMark(app.markPath() + ".new")
			if err != nil {
				t.Fatal(err)
			}
			if err := app.db.SetInstallationValue(t.Context(), markValue, there.String()+"\n"+next.String()); err != nil {
				t.Fatal(err)
			}
			return data + closed(t, app)
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data := filepath.Join(t.TempDir(), "data")
			app := openAt(t, data)
			if _, err := app.db.Writer().ExecContext(t.Context(), `INSERT INTO clubs (name, zone, created_at) VALUES ('Riverside FC', 'UTC', 0)`); err != nil {
				t.Fatal(err)
			}
			if err := app.Close(); err != nil {
				t.Fatal(err)
			}
			data = tt.meanwhile(t, data)
			for range 2 { // the question stays until it is answered
				app = openAt(t, data)
				h, err := app.db.ActiveHold(t.Context(), store.Scope{ClubID: 1})
				if err != nil || h.Phase != tt.want {
					t.Errorf("held as %q, %v; want %q", h.Phase, err, tt.want)
				}
				if err := app.Close(); err != nil {
					t.Fatal(err)
				}
			}
			if tt.want == "" {
				return
			}
			app = openAt(t, data)
			if err := app.db.EndHold(t.Context(), store.Scope{ClubID: 1}, tt.want, "test"); err != nil {
				t.Fatal(err)
			}
			if err := app.Close(); err != nil {
				t.Fatal(err)
			}
			app = openAt(t, data)
			if h, err := app.db.ActiveHold(t.Context(), store.Scope{ClubID: 1}); err != nil || h.Phase != "" {
				t.Errorf("asked again: %q, %v", h.Phase, err)
			}
			if err := app.Close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// readAll reads files of a directory, by name.
func readAll(t *testing.T, dir string, names ...string) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = b
	}
	return all
}

// writeOver writes into the files that are there, as cp does: each stays the file
// that it is.
func writeOver(t *testing.T, dir string, files map[string][]byte) string {
	t.Helper()
	for name, b := range files {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func closed(t *testing.T, app *opened) string {
	t.Helper()
	if err := app.Close(); err != nil {
		t.Fatal(err)
	}
	return ""
}

// dropMark closes the app and removes its mark.
func dropMark(t *testing.T, app *opened) (data string) {
	t.Helper()
	closed(t, app)
	if err := os.Remove(app.markPath()); err != nil {
		t.Fatal(err)
	}
	return app.Path()
}

// opened is a data directory with its database, up to the moment before anything
// is published.
type opened struct {
	*Dir
	db *store.DB
}

func (o *opened) Close() error { return errors.Join(o.db.Close(), o.Dir.Close()) }

func openAt(t *testing.T, data string) *opened {
	t.Helper()
	dir, err := Open(data, Options{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := Keys(data, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := MarkCopy(data); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), data, keys, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := dir.FindPlace(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return &opened{dir, db}
}
