package store

import (
	"context"
	"fmt"
	"net/url"

	"github.com/bandstand-app/bandstand/internal/club"
)

// KeptRequest is what a person asked for, put aside until they have given their
// password.
type KeptRequest struct {
	Path string
	Form url.Values
}

// keptRequest keeps the references of requests apart from those of forms: what
// is one is not found as the other.
const keptRequest = "request "

// KeepRequest puts a request aside for its person, as KeepForm does a form.
func (db *DB) KeepRequest(ctx context.Context, s Scope, r KeptRequest) (ref string, err error) {
	return db.keepFields(ctx, s, keptRequest, url.Values{"path": {r.Path}, "form": {r.Form.Encode()}})
}

// KeptRequest gives back what was put aside for this person in this club.
// club.ErrNotFound: nothing was, it has expired, was carried out, or is somebody
// else's.
func (db *DB) KeptRequest(ctx context.Context, s Scope, ref string) (KeptRequest, error) {
	fields, err := db.keptFields(ctx, s, keptRequest+ref)
	if err != nil {
		return KeptRequest{}, err
	}
	form, err := url.ParseQuery(fields.Get("form"))
	if err != nil {
		return KeptRequest{}, fmt.Errorf("read a request that was put aside: %w", err)
	}
	return KeptRequest{Path: fields.Get("path"), Form: form}, nil
}

// TakeRequest gives a request back to be carried out: to one of many who ask at
// once. club.ErrNotFound: as of KeptRequest.
func (db *DB) TakeRequest(ctx context.Context, s Scope, ref string) (KeptRequest, error) {
	r, err := db.KeptRequest(ctx, s, ref)
	if err != nil {
		return r, err
	}
	err = db.inTx(ctx, func(tx *tx) error {
		res, err := tx.ExecContext(ctx, `DELETE FROM kept_forms WHERE ref_hash = ? AND person_id = ? AND expires_at > ?`,
			hashToken(keptRequest+ref), s.PersonID, ms(tx.now))
		if err != nil {
			return fmt.Errorf("take a request that was put aside: %w", err)
		}
		n, err := res.RowsAffected()
		if err == nil && n == 0 {
			return club.ErrNotFound
		}
		return err
	})
	return r, err
}
