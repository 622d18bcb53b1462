package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Hold is why nothing of a club goes out.
type Hold struct {
	// Phase is where what becomes due waits: club.Held if people hold all posts;
	// else Bandstand is in doubt. Empty: nothing is held.
	Phase  club.Phase
	Reason string // in a person's words
	Person string // who holds; empty: Bandstand itself
	Since  time.Time
	Until  time.Time // zero: until somebody ends it
}

// activeHold is the hold of a club that counts: doubts of Bandstand before
// wishes of people.
func activeHold(ctx context.Context, q querier, clubID int64, now time.Time) (Hold, error) {
	var h Hold
	err := q.QueryRowContext(ctx, `
		SELECT h.phase, h.reason, coalesce(p.name, ''), h.since, h.until
		FROM holds h LEFT JOIN people p ON p.id = h.person_id
		WHERE h.club_id = ? AND h.ended_at IS NULL AND (h.until IS NULL OR h.until > ?)
		ORDER BY h.phase = 'held', h.id LIMIT 1`, clubID, ms(now)).
		Scan(&h.Phase, &h.Reason, &h.Person, into(&h.Since), into(&h.Until))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return h, fmt.Errorf("look for a hold: %w", err)
	}
	return h, nil
}

// ActiveHold is what holds all posts of the scope's club; zero if nothing does.
func (db *DB) ActiveHold(ctx context.Context, s Scope) (Hold, error) {
	return activeHold(ctx, db.read, s.ClubID, db.now())
}

// HoldAll makes every club wait for an admin, because Bandstand is in doubt for
// the reason of that phase. What waits for the same reason already goes on
// waiting.
func (db *DB) HoldAll(ctx context.Context, phase club.Phase) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.holdAll(ctx, phase) })
}

func (t *tx) holdAll(ctx context.Context, phase club.Phase) error {
	_, err := t.ExecContext(ctx, `
		INSERT INTO holds (club_id, phase, since) SELECT id, ?, ? FROM clubs WHERE true
		ON CONFLICT DO NOTHING`, phase, ms(t.now))
	if err == nil {
		_, err = t.ExecContext(ctx, `UPDATE clubs SET changes = changes + 1`)
	}
	if err != nil {
		return fmt.Errorf("hold everything: %w", err)
	}
	return nil
}

// HoldPosts holds all posts of the scope's club, with a reason for people,
// until somebody releases them or a time has come. What they held before is
// replaced.
func (db *DB) HoldPosts(ctx context.Context, s Scope, reason string, until time.Time, origin string) error {
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `UPDATE holds SET ended_at = ?, ended_by = ? WHERE club_id = ? AND phase = 'held' AND ended_at IS NULL`,
			ms(tx.now), orNull(s.PersonID), s.ClubID)
		if err == nil {
			_, err = tx.ExecContext(ctx, `INSERT INTO holds (club_id, phase, reason, person_id, since, until) VALUES (?, 'held', ?, ?, ?, ?)`,
				s.ClubID, reason, orNull(s.PersonID), ms(tx.now), ms(until))
		}
		if err != nil {
			return fmt.Errorf("hold all posts: %w", err)
		}
		if err := tx.audit(ctx, s, "posts_held", reason, origin); err != nil {
			return err
		}
		return tx.touch(ctx, s.ClubID)
	})
}

// EndHold ends a hold of the scope's club. Nothing goes out by that which became
// due meanwhile: it waits for a decision each. club.Conflict: there is none.
func (db *DB) EndHold(ctx context.Context, s Scope, phase club.Phase, origin string) error {
	err := db.inTx(ctx, func(tx *tx) error {
		res, err := tx.ExecContext(ctx, `UPDATE holds SET ended_at = ?, ended_by = ? WHERE club_id = ? AND phase = ? AND ended_at IS NULL`,
			ms(tx.now), orNull(s.PersonID), s.ClubID, phase)
		if err != nil {
			return fmt.Errorf("release posts: %w", err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, &club.Error{Code: club.Conflict, Key: "hold_over"})
		}
		if phase == club.ClockInDoubt { // the person believes the clock as it is
			if err := tx.endClockHolds(ctx, s); err != nil {
				return err
			}
			if err := tx.believeClock(ctx); err != nil {
				return err
			}
		}
		if err := tx.audit(ctx, s, "posts_released", string(phase), origin); err != nil {
			return err
		}
		return tx.touch(ctx, s.ClubID)
	})
	if err == nil {
		db.signal()
	}
	return err
}

// ClockHeld tells whether everything is held because of the clock.
func (db *DB) ClockHeld(ctx context.Context) (bool, error) {
	var held bool
	err := db.read.QueryRowContext(ctx, `
		SELECT EXISTS (SELECT 1 FROM clubs c JOIN holds h ON h.club_id = c.id AND h.phase = 'clock' AND h.ended_at IS NULL)`).Scan(&held)
	return held, err
}

// EndClockHolds ends what is held because of the clock: it is right again.
func (db *DB) EndClockHolds(ctx context.Context) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.endClockHolds(ctx, Scope{}) })
}

// endClockHolds ends them in every club, for all go by the same clock.
func (t *tx) endClockHolds(ctx context.Context, s Scope) error {
	_, err := t.ExecContext(ctx, `UPDATE holds SET ended_at = ?, ended_by = ? WHERE phase = 'clock' AND ended_at IS NULL AND club_id IN (SELECT id FROM clubs)`,
		ms(t.now), orNull(s.PersonID))
	if err == nil {
		_, err = t.ExecContext(ctx, `UPDATE clubs SET changes = changes + 1`)
	}
	if err != nil {
		return fmt.Errorf("end what the clock held: %w", err)
	}
	return nil
}

// PlaceValue is the installation value that says where the data lies.
const PlaceValue = "place"

// AtPlace keeps where the data lies. If that is another place than before, it
// was copied or moved: then everything is held until an admin has said which
// (row 38). restored tells that this copy was put there on purpose, and holds
// everything for that.
func (db *DB) AtPlace(ctx context.Context, at string, restored bool) (moved bool, err error) {
	err = db.inTx(ctx, func(tx *tx) error {
		before, err := installationValue(ctx, tx, PlaceValue)
		if err != nil {
			return err
		}
		moved = before != "" && before != at
		switch {
		case restored:
			err = tx.holdAll(ctx, club.Restored)
		case moved:
			err = tx.holdAll(ctx, club.Clone)
		}
		if err != nil || before == at {
			return err
		}
		return tx.setInstallationValue(ctx, PlaceValue, at)
	})
	return moved, err
}

// EndPastHolds ends the holds whose time has come.
func (db *DB) EndPastHolds(ctx context.Context) error {
	var due bool
	err := db.read.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM holds WHERE ended_at IS NULL AND until IS NOT NULL AND until <= ?)`, ms(db.now())).Scan(&due)
	if err != nil || !due {
		return err
	}
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE clubs SET changes = changes + 1
			WHERE id IN (SELECT club_id FROM holds WHERE ended_at IS NULL AND until IS NOT NULL AND until <= ?)`, ms(tx.now))
		if err == nil {
			_, err = tx.ExecContext(ctx, `UPDATE holds SET ended_at = until WHERE ended_at IS NULL AND until IS NOT NULL AND until <= ?`, ms(tx.now))
		}
		if err != nil {
			return fmt.Errorf("end holds: %w", err)
		}
		return nil
	})
}
