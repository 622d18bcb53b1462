package store

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

	"github.com/bandstand-app/bandstand/internal/club"
)

// MaxKeptForm is the largest form that is put aside: its names and values, in
// bytes.
const MaxKeptForm = 64 << 10

const (
	keptLife = 30 * time.Minute
	// keptEach bounds what one person's browsers can fill the disk with.
	keptEach = 5
	// markLife is longer than any sign-in: a mark that is older is of no page
	// that somebody still writes on.
	markLife = 15 * 24 * time.Hour
)

// FormMark is what a form of this person carries, so that what was typed can be
// put aside when it arrives without a sign-in. It opens nothing else.
func (db *DB) FormMark(s Scope) string {
	what := fmt.Sprintf("%d.%d.%d", s.ClubID, s.PersonID, db.now().Unix())
	return what + "." + db.markMAC(what)
}

func (db *DB) markMAC(what string) string {
	h := hmac.New(sha256.New, db.keys.Derive("form-mark"))
	h.Write([]byte(what))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// FormOwner tells who opened the form that carries this mark. club.ErrNotFound:
// it is not ours, or too old.
func (db *DB) FormOwner(mark string) (Scope, error) {
	i := strings.LastIndexByte(mark, '.')
	// As text: what is decoded has more than one way of writing it.
	if i < 0 || !hmac.Equal([]byte(mark[i+1:]), []byte(db.markMAC(mark[:i]))) {
		return Scope{}, club.ErrNotFound
	}
	var s Scope
	var at int64
	if _, err := fmt.Sscanf(mark[:i], "%d.%d.%d", &s.ClubID, &s.PersonID, &at); err != nil || db.now().Sub(time.Unix(at, 0)) > markLife {
		return Scope{}, club.ErrNotFound
	}
	return s, nil
}

// KeepForm puts the fields of a form aside for its owner, for half an hour, and
// returns a reference. The oldest of many gives way. club.ErrNotFound: the owner
// is not in that club any more.
func (db *DB) KeepForm(ctx context.Context, owner Scope, fields url.Values) (ref string, err error) {
	return db.keepFields(ctx, owner, "", fields)
}

// keepFields puts fields aside under a reference, which is kept with the kind
// of thing that they are.
func (db *DB) keepFields(ctx context.Context, owner Scope, kind string, fields url.Values) (ref string, err error) {
	size := 0
	for name, values := range fields {
		for _, v := range values {
			size += len(name) + len(v)
		}
	}
	if size > MaxKeptForm {
		return "", &club.Error{Code: club.Invalid, Key: "error_too_big"}
	}
	ref, _ = newToken()
	hash := hashToken(kind + ref)
	sealed, err := db.keys.Seal([]byte(fields.Encode()), "kept_forms", hex.EncodeToString(hash), strconv.FormatInt(owner.PersonID, 10))
	if err != nil {
		return "", err
	}
	err = db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			DELETE FROM kept_forms WHERE person_id = ?1
				AND ref_hash NOT IN (SELECT ref_hash FROM kept_forms WHERE person_id = ?1 AND expires_at > ?2 ORDER BY expires_at DESC LIMIT ?3)`,
			owner.PersonID, ms(tx.now), keptEach-1)
		if err != nil {
			return fmt.Errorf("make place for a form: %w", err)
		}
		_, err = tx.ExecContext(ctx, `INSERT INTO kept_forms (ref_hash, club_id, person_id, fields, expires_at) VALUES (?, ?, ?, ?, ?)`,
			hash, owner.ClubID, owner.PersonID, sealed, ms(tx.now.Add(keptLife)))
		if e, ok := errors.AsType[sqlite3.Error](err); ok && e.ExtendedCode == sqlite3.ErrConstraintForeignKey {
			return club.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("put a form aside: %w", err)
		}
		return nil
	})
	return ref, err
}

// KeptForm gives back what was put aside for this person in this club.
// club.ErrNotFound: nothing was, it has expired, or it is somebody else's.
func (db *DB) KeptForm(ctx context.Context, s Scope, ref string) (url.Values, error) {
	return db.keptFields(ctx, s, ref)
}

func (db *DB) keptFields(ctx context.Context, s Scope, ref string) (url.Values, error) {
	hash := hashToken(ref)
	var sealed []byte
	err := db.read.QueryRowContext(ctx, `SELECT fields FROM kept_forms WHERE ref_hash = ? AND club_id = ? AND person_id = ? AND expires_at > ?`,
		hash, s.ClubID, s.PersonID, ms(db.now())).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, club.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read a form that was put aside: %w", err)
	}
	plain, err := db.keys.Open(sealed, "kept_forms", hex.EncodeToString(hash), strconv.FormatInt(s.PersonID, 10))
	if err != nil {
		return nil, fmt.Errorf("open a form that was put aside: %w", err)
	}
	return url.ParseQuery(string(plain))
}

// KeptFormClub is the club of which this person had a form open.
// club.ErrNotFound: nothing was put aside for them under this reference.
func (db *DB) KeptFormClub(ctx context.Context, personID int64, ref string) (int64, error) {
	var id int64
	err := db.read.QueryRowContext(ctx, `SELECT club_id FROM kept_forms WHERE ref_hash = ? AND person_id = ? AND expires_at > ?`,
		hashToken(ref), personID, ms(db.now())).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, club.ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("look for a form that was put aside: %w", err)
	}
	return id, nil
}

// DropKeptForm removes what was put aside, once it is saved.
func (db *DB) DropKeptForm(ctx context.Context, s Scope, ref string) error {
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `DELETE FROM kept_forms WHERE ref_hash = ? AND person_id = ?`, hashToken(ref), s.PersonID)
		if err != nil {
			return fmt.Errorf("drop a form that was put aside: %w", err)
		}
		return nil
	})
}
