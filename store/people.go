package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Person is somebody with an account. What they may do is said by their
// memberships.
type Person struct {
	ID           int64
	Email        string
	Name         string
	PasswordHash string
	SessionsFrom time.Time // moves on to end all sessions (rule W4)
	Theme        string    // "", "light", "dark"
	Shortcuts    bool      // single-key shortcuts
	CreatedAt    time.Time
}

// NewPerson is what an account begins with. Email and Name are checked by
// package club, PasswordHash comes from package password.
type NewPerson struct {
	Email, Name, PasswordHash string
}

const personColumns = `id, email, name, password_hash, sessions_from, theme, shortcuts, created_at`

func scanPerson(scan func(...any) error) (Person, error) {
	var p Person
	err := scan(&p.ID, &p.Email, &p.Name, &p.PasswordHash, into(&p.SessionsFrom), &p.Theme, &p.Shortcuts, into(&p.CreatedAt))
	if errors.Is(err, sql.ErrNoRows) {
		return p, club.ErrNotFound
	}
	return p, err
}

// Person reads one person.
func (db *DB) Person(ctx context.Context, id int64) (Person, error) {
	return queryOne(ctx, db.read, scanPerson, `SELECT `+personColumns+` FROM people WHERE id = ?`, id)
}

// PersonByEmail reads the person with this address, whatever its case.
func (db *DB) PersonByEmail(ctx context.Context, email string) (Person, error) {
	return queryOne(ctx, db.read, scanPerson, `SELECT `+personColumns+` FROM people WHERE email = ?`, email)
}

// CreateFirst makes the first person, the first club and that person its admin,
// and closes set-up. It is a conflict when somebody was first.
func (db *DB) CreateFirst(ctx context.Context, p NewPerson, c NewClub, origin string) (Person, Club, error) {
	var person Person
	var made Club
	err := db.inTx(ctx, func(tx *tx) error {
		open, err := needsSetup(ctx, tx)
		if err != nil {
			return err
		}
		if !open {
			return &club.Error{Code: club.Conflict, Key: "setup_done"}
		}
		if person, err = tx.createPerson(ctx, p); err != nil {
			return err
		}
		if made, err = tx.createClub(ctx, person.ID, c); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM installation WHERE key = ?`, setupCode); err != nil {
			return fmt.Errorf("close set-up: %w", err)
		}
		return tx.audit(ctx, Scope{made.ID, person.ID}, "set_up", made.Name, origin)
	})
	return person, made, err
}

func (t *tx) createPerson(ctx context.Context, p NewPerson) (Person, error) {
	made, err := queryOne(ctx, t, scanPerson, `
		INSERT INTO people (email, name, password_hash, sessions_from, created_at) VALUES (?, ?, ?, ?, ?)
		RETURNING `+personColumns, p.Email, p.Name, p.PasswordHash, ms(t.now), ms(t.now))
	if isUnique(err) {
		return Person{}, &club.Error{Code: club.Conflict, Field: "email", Key: "email_taken", Args: map[string]string{"email": p.Email}}
	}
	if err != nil {
		return Person{}, fmt.Errorf("add person: %w", err)
	}
	return made, nil
}

// PersonChange is what people set about themselves.
type PersonChange struct {
	Name      string
	Theme     string // "", "light", "dark"
	Shortcuts bool
}

// UpdatePerson changes what a person has set.
func (db *DB) UpdatePerson(ctx context.Context, id int64, c PersonChange) error {
	return db.inTx(ctx, func(tx *tx) error {
		return mustChange(tx.ExecContext(ctx, `UPDATE people SET name = ?, theme = ?, shortcuts = ? WHERE id = ?`,
			c.Name, c.Theme, c.Shortcuts, id))
	})
}

// SetPassword gives a person another password and ends all their sessions. Open
// reset links are void.
func (db *DB) SetPassword(ctx context.Context, personID int64, hash, origin string) (Person, error) {
	var p Person
	err := db.inTx(ctx, func(tx *tx) (err error) {
		p, err = tx.setPassword(ctx, personID, hash, "password_changed", origin)
		return err
	})
	return p, err
}

func (t *tx) setPassword(ctx context.Context, personID int64, hash, action, origin string) (Person, error) {
	if _, err := t.ExecContext(ctx, `UPDATE people SET password_hash = ? WHERE id = ?`, hash, personID); err != nil {
		return Person{}, fmt.Errorf("set password: %w", err)
	}
	if err := t.endSessions(ctx, personID); err != nil {
		return Person{}, err
	}
	if err := t.dropResets(ctx, personID); err != nil {
		return Person{}, err
	}
	if err := t.audit(ctx, Scope{PersonID: personID}, action, "", origin); err != nil {
		return Person{}, err
	}
	return queryOne(ctx, t, scanPerson, `SELECT `+personColumns+` FROM people WHERE id = ?`, personID)
}

// RehashPassword keeps a hash of the same password made with newer parameters.
// Sessions go on. Nothing happens if the password was changed meanwhile.
func (db *DB) RehashPassword(ctx context.Context, personID int64, old, hash string) error {
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE people SET password_hash = ? WHERE id = ? AND password_hash = ?`, hash, personID, old)
		return err
	})
}

// endSessions ends every session of a person: a session is good as long as
// sessions_from is what it was when the person proved who they are. It moves on
// each time, also within a millisecond and when the clock was set back.
func (t *tx) endSessions(ctx context.Context, personID int64) error {
	if err := mustChange(t.ExecContext(ctx, `UPDATE people SET sessions_from = max(?, sessions_from + 1) WHERE id = ?`, ms(t.now), personID)); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}

// mustChange answers ErrNotFound when a statement changed no row.
func mustChange(r sql.Result, err error) error {
	if err != nil {
		return err
	}
	n, err := r.RowsAffected()
	if err == nil && n == 0 {
		return club.ErrNotFound
	}
	return err
}

// People lists everybody of the installation by address.
func (db *DB) People(ctx context.Context) ([]Person, error) {
	return queryAll(ctx, db.read, scanPerson, `SELECT `+personColumns+` FROM people ORDER BY email LIMIT 10000`)
}
