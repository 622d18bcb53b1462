// Package secret seals what must not be readable in the database, with keys
// that lie in a file of their own. It knows nothing of what it seals.
package secret

import (
	"bytes"
	"cmp"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// ErrKeyMissing means that something was sealed with a key that this key file
// does not hold, or was moved from where it was sealed.
var ErrKeyMissing = errors.New("sealed with a key that is not in the key file")

// Keyset seals and opens, and derives keys for other uses.
type Keyset struct {
	aead tink.AEAD
	root []byte
}

// file is the key file: a Tink keyset and the root of derived keys.
type file struct {
	Sealing json.RawMessage `json:"sealing"`
	Root    []byte          `json:"root"`
}

const rootBytes = 32

// New makes a keyset that is not stored anywhere.
func New() (*Keyset, error) {
	k, _, err := generate()
	return k, err
}

func generate() (*Keyset, []byte, error) {
	var sealing bytes.Buffer
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err == nil {
		err = insecurecleartextkeyset.Write(handle, keyset.NewJSONWriter(&sealing))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("make sealing key: %w", err)
	}
	f := file{Sealing: sealing.Bytes(), Root: make([]byte, rootBytes)}
	_, _ = rand.Read(f.Root) // never fails
	b, err := json.Marshal(f)
	if err != nil {
		return nil, nil, err
	}
	k, err := parse(b)
	return k, b, err
}

// Create makes a key file (0600 in a 0700 directory). It never replaces one, and
// is there whole or not at all: half a file would keep the program from starting.
func Create(path string) (*Keyset, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return nil, cmp.Or(err, error(&fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}))
	}
	k, b, err := generate()
	if err != nil {
		return nil, err
	}
	// What an earlier try left may be readable by others, or lead elsewhere.
	if err := os.Remove(path + ".new"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	w, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = w.Write(b)
	if err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err == nil {
		err = os.Rename(w.Name(), path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return nil, err
	}
	return k, nil
}

// Load reads a key file. A file that others may read is refused.
func Load(path string) (*Keyset, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fmt.Errorf("others may read it (mode %04o): run chmod 600 on it", info.Mode().Perm())}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	k, err := parse(b)
	if err != nil {
		return nil, &fs.PathError{Op: "read key file", Path: path, Err: err}
	}
	return k, nil
}

func parse(b []byte) (*Keyset, error) {
	var f file
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, errors.New("it is not a Bandstand key file")
	}
	if len(f.Root) != rootBytes {
		return nil, errors.New("it is damaged")
	}
	handle, err := insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(f.Sealing)))
	if err != nil {
		return nil, errors.New("it is damaged")
	}
	a, err := aead.New(handle)
	if err != nil {
		return nil, errors.New("it holds no usable key")
	}
	return &Keyset{aead: a, root: f.Root}, nil
}

// Seal encrypts plain for one field of one row; it opens nowhere else.
func (k *Keyset) Seal(plain []byte, table, row, field string) ([]byte, error) {
	b, err := k.aead.Encrypt(plain, place(table, row, field))
	if err != nil {
		return nil, fmt.Errorf("seal %s.%s: %w", table, field, err)
	}
	return b, nil
}

// Open decrypts what Seal made for the same place.
func (k *Keyset) Open(sealed []byte, table, row, field string) ([]byte, error) {
	b, err := k.aead.Decrypt(sealed, place(table, row, field))
	if err != nil {
		return nil, fmt.Errorf("open %s.%s: %w", table, field, ErrKeyMissing)
	}
	return b, nil
}

// place is the associated data: length-prefixed, so that no two places read
// the same.
func place(parts ...string) []byte {
	b := []byte("bandstand/v1")
	for _, p := range parts {
		b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	return b
}

// Derive gives the key for one other use. One label, one use.
func (k *Keyset) Derive(label string) []byte {
	b, err := hkdf.Key(sha256.New, k.root, nil, "bandstand/"+label, 32)
	if err != nil {
		panic("derive key: " + err.Error()) // only for lengths HKDF cannot give
	}
	return b
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
