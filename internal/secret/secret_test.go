package secret_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/bandstand-app/bandstand/internal/secret"
)

func create(t *testing.T) (*secret.Keyset, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "keys", "bandstand.key")
	k, err := secret.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return k, path
}

func TestKeyFileIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	_, path := create(t)
	for at, want := range map[string]fs.FileMode{path: 0o600, filepath.Dir(path): fs.ModeDir | 0o700} {
		if i, err := os.Stat(at); err != nil || i.Mode() != want {
			t.Errorf("%s: %v, %v, want %v", filepath.Base(at), i.Mode(), err, want)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) != 1 {
		t.Errorf("beside the key file lie %v, %v", left, err)
	}
	for _, mode := range []fs.FileMode{0o640, 0o604, 0o610, 0o777} {
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := secret.Load(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("a key file of mode %o is read: %v", mode, err)
		}
	}
}

func TestKeyFileIsNeverReplaced(t *testing.T) {
	t.Parallel()
	k, path := create(t)
	sealed, err := k.Seal([]byte("token"), "tokens", "1", "access")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Create(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a key file was made over another: %v", err)
	}
	again, err := secret.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := again.Open(sealed, "tokens", "1", "access"); err != nil || string(plain) != "token" {
		t.Errorf("opened %q, %v", plain, err)
	}
	if !bytes.Equal(k.Derive("media"), again.Derive("media")) {
		t.Error("a derived key is another after the file was read again")
	}
}

// A program that was killed while it made its keys could not be started again.
func TestKilledWhileTheKeyFileIsMade(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "bandstand.key")
	if err := os.WriteFile(path+".new", []byte(`{"sealing":`), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("half a key file counts as one: %v", err)
	}
	if _, err := secret.Create(path); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.Load(path); err != nil {
		t.Error(err)
	}
}

func TestSealedOpensOnlyWhereItWasSealed(t *testing.T) {
	t.Parallel()
	k, _ := create(t)
	other, err := secret.New()
	if err != nil {
		t.Fatal(err)
	}
	const plain = "EAAB-token"
	sealed, err := k.Seal([]byte(plain), "tokens", "12", "access")
	if err != nil || bytes.Contains(sealed, []byte(plain)) {
		t.Fatalf("sealed %q, %v", sealed, err)
	}
	if again, err := k.Seal([]byte(plain), "tokens", "12", "access"); err != nil || bytes.Equal(again, sealed) {
		t.Error("the same is sealed the same twice: whoever sees both knows it")
	}
	for name, open := range map[string]func() ([]byte, error){
		"another table":            func() ([]byte, error) { return k.Open(sealed, "refresh_tokens", "12", "access") },
		"another row":              func() ([]byte, error) { return k.Open(sealed, "tokens", "1", "access") },
		"another field":            func() ([]byte, error) { return k.Open(sealed, "tokens", "12", "refresh") },
		"parts that read the same": func() ([]byte, error) { return k.Open(sealed, "tokens1", "2", "access") },
		"another key":              func() ([]byte, error) { return other.Open(sealed, "tokens", "12", "access") },
		"cut off":                  func() ([]byte, error) { return k.Open(sealed[:len(sealed)-1], "tokens", "12", "access") },
		"nothing":                  func() ([]byte, error) { return k.Open(nil, "tokens", "12", "access") },
	} {
		if got, err := open(); !errors.Is(err, secret.ErrKeyMissing) || got != nil || strings.Contains(err.Error(), plain) {
			t.Errorf("%s: opened %q, %v", name, got, err)
		}
	}
	for i := range sealed {
		bent := bytes.Clone(sealed)
		bent[i] ^= 1
		if got, err := k.Open(bent, "tokens", "12", "access"); err == nil {
			t.Errorf("with a bit of byte %d changed it opens as %q", i, got)
		}
	}
}

func TestDerivedKeysAreOfOneUse(t *testing.T) {
	t.Parallel()
	k, _ := create(t)
	other, err := secret.New()
	if err != nil {
		t.Fatal(err)
	}
	if len(k.Derive("media")) != 32 || bytes.Equal(k.Derive("media"), k.Derive("forms")) || bytes.Equal(k.Derive("media"), other.Derive("media")) {
		t.Error("two uses, or two key files, share a key")
	}
}

func TestDamagedKeyFileIsSaidWithoutItsContents(t *testing.T) {
	t.Parallel()
	_, path := create(t)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	root := `"root":"` + base64.StdEncoding.EncodeToString(make([]byte, 31)) + `"`
	for name, b := range map[string][]byte{
		"empty":           nil,
		"no key file":     []byte("ssh-rsa canary-key"),
		"cut off":         good[:len(good)/2],
		"a short root":    []byte(`{"sealing":{},` + root + `}`),
		"no sealing keys": bytes.Replace(good, []byte(`"key":[`), []byte(`"canary-key":[`), 1),
	} {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := secret.Load(path)
		if err == nil || !strings.Contains(err.Error(), path) || strings.Contains(err.Error(), "canary-key") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := secret.Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}
