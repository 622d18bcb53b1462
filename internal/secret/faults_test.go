package secret_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"

	"github.com/bandstand-app/bandstand/internal/secret"
)

// TestKeyFileThatCannotBeMade: it is an error, no key is given out that is not
// kept (all it sealed would be lost with the process), and what lies there stays.
func TestKeyFileThatCannotBeMade(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]func(dir string) (path string, err error){
		"a file for the directory": func(dir string) (string, error) {
			return filepath.Join(dir, "keys", "bandstand.key"), os.WriteFile(filepath.Join(dir, "keys"), nil, 0o600)
		},
		"a link that leads nowhere": func(dir string) (string, error) {
			return filepath.Join(dir, "bandstand.key"), os.Symlink(filepath.Join(dir, "gone"), filepath.Join(dir, "bandstand.key"))
		},
		"a directory in its place": func(dir string) (string, error) {
			return filepath.Join(dir, "bandstand.key"), os.Mkdir(filepath.Join(dir, "bandstand.key"), 0o700)
		},
		"something where it is made": func(dir string) (string, error) {
			return filepath.Join(dir, "bandstand.key"), os.MkdirAll(filepath.Join(dir, "bandstand.key.new", "x"), 0o700)
		},
		"a name that is too long": func(dir string) (string, error) {
			return filepath.Join(dir, strings.Repeat("k", 254)), nil
		},
	} {
		dir := t.TempDir()
		path, err := place(dir)
		if err != nil {
			t.Fatal(err)
		}
		before := names(t, dir)
		if k, err := secret.Create(path); err == nil || k != nil {
			t.Errorf("%s: made %v, %v", name, k, err)
		}
		if after := names(t, dir); after != before {
			t.Errorf("%s: there was %s, and is %s", name, before, after)
		}
	}
}

func names(t *testing.T, dir string) string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		all = append(all, strings.TrimPrefix(path, dir)+" "+d.Type().String())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(all, ", ")
}

// TestKeyFileOfAnotherKind: keys that cannot seal are refused at the start, not
// when the first sign-in is to be kept.
func TestKeyFileOfAnotherKind(t *testing.T) {
	t.Parallel()
	handle, err := keyset.NewHandle(mac.HMACSHA256Tag256KeyTemplate())
	if err != nil {
		t.Fatal(err)
	}
	var sealing bytes.Buffer
	if err := insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&sealing)); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(map[string]any{"sealing": json.RawMessage(sealing.Bytes()), "root": base64.StdEncoding.EncodeToString(make([]byte, 32))})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "bandstand.key")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Load(path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "no usable key") {
		t.Errorf("keys for something else: %v", err)
	}
	if _, err := secret.Load(dir); err == nil {
		t.Error("a directory is read as a key file")
	}
	inside := filepath.Join(dir, "keys")
	if err := os.Mkdir(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Load(inside); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory is read as a key file: %v", err) // and never taken for a first start
	}
}
