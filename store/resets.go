package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// resetLife is how long the link of a password reset works.
const resetLife = 30 * time.Minute

// CreatePasswordReset makes the secret of a link that sets a new password, for
// somebody at the console: it works once, for 30 minutes. Only its hash is
// stored; earlier links are void.
func (db *DB) CreatePasswordReset(ctx context.Context, personID int64, origin string) (token string, err error) {
	token, hash := newToken()
	err = db.inTx(ctx, func(tx *tx) error {
		if err := tx.addReset(ctx, Scope{}, personID, hash); err != nil {
			return err
		}
		return tx.audit(ctx, Scope{PersonID: personID}, "password_reset_made", "", origin)
	})
	return token, err
}

// CreateMemberReset is CreatePasswordReset by an admin for a member of their
// club. Whoever holds the link can sign in as that person, in all their clubs:
// so it is refused unless the admin is admin of all of these, and the link stops
// working as soon as that is no longer so.
func (db *DB) CreateMemberReset(ctx context.Context, s Scope, personID int64, origin string) (p Person, token string, err error) {
	token, hash := newToken()
	err = db.inTx(ctx, func(tx *tx) error {
		if p, err = resettable(ctx, tx, s, personID); err != nil {
			return err
		}
		if err := tx.addReset(ctx, s, personID, hash); err != nil {
			return err
		}
		return tx.audit(ctx, s, "password_link", p.Email, origin)
	})
	return p, token, err
}

// CheckMemberReset reports why CreateMemberReset would be refused; nil if it
// would not.
func (db *DB) CheckMemberReset(ctx context.Context, s Scope, personID int64) error {
	_, err := resettable(ctx, db.read, s, personID)
	return err
}

// resettable returns the member of the scope's club, if its person may make a
// link for them.
func resettable(ctx context.Context, q querier, s Scope, personID int64) (Person, error) {
	p, err := queryOne(ctx, q, scanPerson, `
		SELECT `+personColumns+` FROM people
		WHERE id = ? AND EXISTS (SELECT 1 FROM members m WHERE m.person_id = people.id AND m.club_id = ?)`, personID, s.ClubID)
	if err != nil {
		return p, err
	}
	var elsewhere int
	err = q.QueryRowContext(ctx, `
		SELECT count(*) FROM members m WHERE m.person_id = ? AND NOT EXISTS (
			SELECT 1 FROM members a WHERE a.club_id = m.club_id AND a.person_id = ? AND a.role = 'admin')`, personID, s.PersonID).Scan(&elsewhere)
	if err != nil {
		return p, fmt.Errorf("look for other clubs: %w", err)
	}
	if elsewhere > 0 {
		return p, &club.Error{Code: club.Conflict, Key: "reset_other_club", Args: map[string]string{"name": p.Name, "email": p.Email}}
	}
	return p, nil
}

// addReset stores a link made by the person of the scope; the zero scope is the
// console.
func (t *tx) addReset(ctx context.Context, maker Scope, personID int64, hash []byte) error {
	if err := t.dropResets(ctx, personID); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, `INSERT INTO password_resets (token_hash, person_id, club_id, made_by, expires_at) VALUES (?, ?, ?, ?, ?)`,
		hash, personID, orNull(maker.ClubID), orNull(maker.PersonID), ms(t.now.Add(resetLife)))
	if err != nil {
		return fmt.Errorf("add reset link: %w", err)
	}
	return nil
}

// dropResets voids the links that set a person's password.
func (t *tx) dropResets(ctx context.Context, personID int64) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM password_resets WHERE person_id = ?`, personID); err != nil {
		return fmt.Errorf("drop reset links: %w", err)
	}
	return nil
}

// PasswordReset returns whose password the link sets, or a link_used error.
func (db *DB) PasswordReset(ctx context.Context, token string) (Person, error) {
	id, err := resetPerson(ctx, db.read, token, db.now())
	if err != nil {
		return Person{}, err
	}
	return db.Person(ctx, id)
}

// UsePasswordReset sets the password of the person behind the link and ends
// their sessions. The link works no more.
func (db *DB) UsePasswordReset(ctx context.Context, token, hash, origin string) (Person, error) {
	var p Person
	err := db.inTx(ctx, func(tx *tx) error {
		id, err := resetPerson(ctx, tx, token, tx.now)
		if err != nil {
			return err
		}
		p, err = tx.setPassword(ctx, id, hash, "password_reset", origin)
		return err
	})
	return p, err
}

// resetPerson returns whose password a link sets. What allowed the link to be
// made must still hold: its person is a member of the club for which it was
// made, and its maker is admin of all their clubs.
func resetPerson(ctx context.Context, q querier, token string, now time.Time) (int64, error) {
	var id int64
	err := q.QueryRowContext(ctx, `
		SELECT r.person_id FROM password_resets r
		WHERE r.token_hash = ?1 AND r.used_at IS NULL AND r.expires_at > ?2 AND (
			r.made_by IS NULL
			OR EXISTS (SELECT 1 FROM members m WHERE m.club_id = r.club_id AND m.person_id = r.person_id)
			AND NOT EXISTS (
				SELECT 1 FROM members m LEFT JOIN members a ON a.club_id = m.club_id AND a.person_id = r.made_by AND a.role = 'admin'
				WHERE m.person_id = r.person_id AND a.person_id IS NULL))`,
		hashToken(token), ms(now)).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, &club.Error{Code: club.NotFound, Key: "link_used"}
	}
	return id, err
}
