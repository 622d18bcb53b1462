package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/bandstand-app/bandstand/internal/club"
)

// setupCode is the installation value that holds the hash of the set-up code.
const setupCode = "setup_code"

// InstallationValue reads a value of the installation as a whole, "" if it was
// never set.
func (db *DB) InstallationValue(ctx context.Context, key string) (string, error) {
	return installationValue(ctx, db.read, key)
}

func installationValue(ctx context.Context, q querier, key string) (string, error) {
	var v string
	err := q.QueryRowContext(ctx, `SELECT value FROM installation WHERE key = ?`, key).Scan(&v)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("read installation value %s: %w", key, err)
	}
	return v, nil
}

// SetInstallationValue keeps a value of the installation as a whole.
func (db *DB) SetInstallationValue(ctx context.Context, key, value string) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.setInstallationValue(ctx, key, value) })
}

func (t *tx) setInstallationValue(ctx context.Context, key, value string) error {
	_, err := t.ExecContext(ctx, `
		INSERT INTO installation (key, value) VALUES (?, ?)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	if err != nil {
		return fmt.Errorf("keep installation value %s: %w", key, err)
	}
	return nil
}

// NewSetupCode makes the code that opens set-up (rule W9), for the console; an
// earlier one is void. It returns "" when somebody has set up already.
func (db *DB) NewSetupCode(ctx context.Context) (string, error) {
	code := ""
	err := db.inTx(ctx, func(tx *tx) error {
		open, err := needsSetup(ctx, tx)
		if err != nil || !open {
			return err
		}
		code = newSetupCode()
		return tx.setInstallationValue(ctx, setupCode, hashSetupCode(code))
	})
	return code, err
}

// NeedsSetup tells whether nobody has an account yet.
func (db *DB) NeedsSetup(ctx context.Context) (bool, error) { return needsSetup(ctx, db.read) }

func needsSetup(ctx context.Context, q querier) (bool, error) {
	var n int
	if err := q.QueryRowContext(ctx, `SELECT count(*) FROM (SELECT 1 FROM people LIMIT 1)`).Scan(&n); err != nil {
		return false, fmt.Errorf("look for people: %w", err)
	}
	return n == 0, nil
}

// CheckSetupCode tells whether code opens set-up. Case, spaces and dashes do
// not matter.
func (db *DB) CheckSetupCode(ctx context.Context, code string) error {
	want, err := db.InstallationValue(ctx, setupCode)
	if err != nil {
		return err
	}
	if want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(hashSetupCode(code))) != 1 {
		return &club.Error{Code: club.Forbidden, Field: "code", Key: "setup_code_used"}
	}
	return nil
}

// setupAlphabet leaves out letters and digits that look alike.
const setupAlphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"

func newSetupCode() string {
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	for i := range b {
		b[i] = setupAlphabet[int(b[i])%len(setupAlphabet)]
	}
	return string(b[:4]) + "-" + string(b[4:])
}

func hashSetupCode(code string) string {
	code = strings.NewReplacer("-", "", " ", "").Replace(strings.ToUpper(strings.TrimSpace(code)))
	h := sha256.Sum256([]byte(code))
	return hex.EncodeToString(h[:])
}

// newToken makes the secret of a link, and the hash that is stored of it.
func newToken() (token string, hash []byte) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	token = base64.RawURLEncoding.EncodeToString(b)
	return token, hashToken(token)
}

func hashToken(token string) []byte {
	h := sha256.Sum256([]byte(token))
	return h[:]
}
