package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// AuditEntry is one line of the record of who did what (rule W11).
type AuditEntry struct {
	ID         int64
	PersonID   int64  // 0: Bandstand itself, or somebody who did not sign in
	PersonName string // "" for those
	At         time.Time
	Action     string // catalogue key audit_<action>
	Object     string
	Origin     string // address of the request, "console", "engine"
}

// Audit adds a line to the record. Lines are never changed. The zero ClubID is
// for what belongs to no club, such as signing in.
func (db *DB) Audit(ctx context.Context, s Scope, action, object, origin string) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.audit(ctx, s, action, object, origin) })
}

// audit adds a line in the transaction of what it records.
func (t *tx) audit(ctx context.Context, s Scope, action, object, origin string) error {
	_, err := t.ExecContext(ctx, `INSERT INTO audit (club_id, person_id, at, action, object, origin) VALUES (?, ?, ?, ?, ?, ?)`,
		orNull(s.ClubID), orNull(s.PersonID), ms(t.now), action, object, origin)
	if err != nil {
		return fmt.Errorf("record %s: %w", action, err)
	}
	return nil
}

// AuditEntries lists the newest lines of a club, newest first.
func (db *DB) AuditEntries(ctx context.Context, clubID int64, limit int) ([]AuditEntry, error) {
	return queryAll(ctx, db.read, func(scan func(...any) error) (AuditEntry, error) {
		var e AuditEntry
		err := scan(&e.ID, &e.PersonID, &e.PersonName, into(&e.At), &e.Action, &e.Object, &e.Origin)
		return e, err
	}, `
		SELECT a.id, coalesce(a.person_id, 0), coalesce(p.name, ''), a.at, a.action, a.object, a.origin
		FROM audit a LEFT JOIN people p ON p.id = a.person_id
		WHERE a.club_id = ?
		ORDER BY a.at DESC, a.id DESC LIMIT ?`, clubID, limit)
}

// SignInOrigins lists from where a person has signed in since a time.
func (db *DB) SignInOrigins(ctx context.Context, personID int64, since time.Time) ([]string, error) {
	return queryAll(ctx, db.read, scanValue[string], `SELECT DISTINCT origin FROM audit WHERE person_id = ? AND action = 'signed_in' AND at >= ? LIMIT 1000`, personID, ms(since))
}

// orNull writes the zero id as NULL.
func orNull(id int64) sql.NullInt64 { return sql.NullInt64{Int64: id, Valid: id != 0} }
