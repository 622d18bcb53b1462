package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/e2e/e2ekit"

	"github.com/bandstand-app/bandstand/cmd/bandstand/settings"
)

// furnish makes a data directory with one person.
func furnish(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	app, err := e2ekit.Open(t.Context(), e2ekit.SettingsFor(dir), &bytes.Buffer{}, time.Now, e2ekit.Unchanged)
	if err != nil {
		t.Fatal(err)
	}
	e2ekit.Found(t, app, "")
	if err := app.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// bandstand runs a command and returns what it printed.
func bandstand(t *testing.T, in string, args ...string) (string, error) {
	t.Helper()
	var out bytes.Buffer
	err := run(t.Context(), args, strings.NewReader(in), &out)
	return out.String(), err
}

func TestMemberReset(t *testing.T) {
	t.Parallel()
	dir := furnish(t)
	out, err := bandstand(t, "", "member", "list", "--data", dir)
	if err != nil || !strings.Contains(out, "admin of Riverside FC") {
		t.Errorf("list = %q, %v", out, err)
	}
	out, err = bandstand(t, "", "member", "reset", "maeve@riverside.example", "--data", dir)
	if err != nil || !strings.Contains(out, "/sign-in/link/") {
		t.Errorf("reset = %q, %v", out, err)
	}
	if _, err = bandstand(t, "", "member", "reset", "nobody@riverside.example", "--data", dir); err == nil || !strings.Contains(err.Error(), "nobody here has the email") {
		t.Errorf("reset of nobody = %v", err)
	}
	if _, err = bandstand(t, "short\n", "member", "reset", "--password", "maeve@riverside.example", "--data", dir); err == nil || !strings.Contains(err.Error(), "at least 12 characters") {
		t.Errorf("short password = %v", err)
	}
	out, err = bandstand(t, "three old tin drums\n", "member", "reset", "--password", "maeve@riverside.example", "--data", dir)
	if err != nil || !strings.Contains(out, "has a new password") {
		t.Errorf("password = %q, %v", out, err)
	}
}

func TestStartRefusals(t *testing.T) {
	t.Parallel()
	open := func(s e2ekit.Settings) error {
		app, err := e2ekit.Open(t.Context(), s, &bytes.Buffer{}, time.Now, e2ekit.Unchanged)
		if err == nil {
			t.Cleanup(func() { _ = app.Close() })
		}
		return err
	}
	dir := furnish(t)
	t.Run("all faults at once", func(t *testing.T) {
		err := open(e2ekit.Settings{Directory: settings.Directory{Data: t.TempDir()}, Listen: "nonsense", BaseURL: "ftp://x", TrustedProxies: []string{"10.0.0.1"}})
		for _, want := range []string{"--listen", "--base-url", "--trusted-proxies"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want it to name %s", err, want)
			}
		}
	})
	t.Run("a database without its key", func(t *testing.T) {
		err := open(e2ekit.Settings{Directory: settings.Directory{Data: dir, KeyFile: filepath.Join(t.TempDir(), "other.key")}, Listen: "127.0.0.1:0"})
		if err == nil || !strings.Contains(err.Error(), "put the key file back") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a key of another database", func(t *testing.T) {
		other := furnish(t)
		err := open(e2ekit.Settings{Directory: settings.Directory{Data: dir, KeyFile: filepath.Join(other, "keys", "bandstand.key")}, Listen: "127.0.0.1:0"})
		if err == nil || !strings.Contains(err.Error(), "does not belong to this database") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a key that others can read", func(t *testing.T) {
		dir := furnish(t)
		if err := os.Chmod(filepath.Join(dir, "keys", "bandstand.key"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := open(e2ekit.SettingsFor(dir)); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("a second one in the same directory", func(t *testing.T) {
		if err := open(e2ekit.SettingsFor(dir)); err != nil {
			t.Fatal(err)
		}
		if err := open(e2ekit.SettingsFor(dir)); err == nil || !strings.Contains(err.Error(), "another Bandstand already works") {
			t.Errorf("got %v", err)
		}
	})
}

func TestSecondProgramOnTheSameData(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	app, err := e2ekit.OpenAt(t.Context(), data)
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close()
	err = e2ekit.TryOpen(t.Context(), data)
	if err == nil || !strings.Contains(err.Error(), "another Bandstand already works in "+data) {
		t.Errorf("the second one says %v", err)
	}
	if _, err := bandstand(t, "", "member", "list", "--data", data); err != nil {
		t.Errorf("looking after people beside it: %v", err)
	}
}
