package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Club is a tenant: everything but people and the installation belongs to one.
type Club struct {
	ID          int64
	Name        string
	Zone        string // IANA name
	WeekStart   time.Weekday
	Language    string // of its posts, BCP 47
	Practice    bool   // make-believe accounts only
	LateMinutes int    // grace: a post later than this asks first
	Changes     int64  // grows with every change that a page of the club could show
	CreatedAt   time.Time
}

// NewClub is what a club begins with. It begins in practice mode.
type NewClub struct {
	Name      string
	Zone      string
	WeekStart time.Weekday
	Language  string // of its posts, BCP 47; empty: English
}

const clubColumns = `id, name, zone, week_start, language, practice, late_minutes, changes, created_at`

// fields are the places to scan clubColumns into.
func (c *Club) fields() []any {
	return []any{&c.ID, &c.Name, &c.Zone, &c.WeekStart, &c.Language, &c.Practice, &c.LateMinutes, &c.Changes, into(&c.CreatedAt)}
}

func scanClub(scan func(...any) error) (Club, error) {
	var c Club
	err := scan(c.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return c, club.ErrNotFound
	}
	return c, err
}

// Club reads one club. Whether the asker may see it is said by Membership.
func (db *DB) Club(ctx context.Context, id int64) (Club, error) {
	return queryOne(ctx, db.read, scanClub, `SELECT `+clubColumns+` FROM clubs WHERE id = ?`, id)
}

// CreateClub makes another club of the installation, with the person its admin.
func (db *DB) CreateClub(ctx context.Context, personID int64, c NewClub, origin string) (Club, error) {
	var made Club
	err := db.inTx(ctx, func(tx *tx) (err error) {
		if made, err = tx.createClub(ctx, personID, c); err != nil {
			return err
		}
		return tx.audit(ctx, Scope{made.ID, personID}, "club_made", made.Name, origin)
	})
	return made, err
}

func (t *tx) createClub(ctx context.Context, admin int64, c NewClub) (Club, error) {
	made, err := queryOne(ctx, t, scanClub, `
		INSERT INTO clubs (name, zone, week_start, language, created_at) VALUES (?, ?, ?, ?, ?) RETURNING `+clubColumns,
		c.Name, c.Zone, c.WeekStart, cmp.Or(c.Language, club.DefaultLanguage), ms(t.now))
	if err != nil {
		return Club{}, fmt.Errorf("add club: %w", err)
	}
	return made, t.addMember(ctx, made.ID, admin, club.Admin)
}

// ClubChange is what admins set about their club.
type ClubChange struct {
	Name        string
	Zone        string
	WeekStart   time.Weekday
	Language    string // of its posts, BCP 47; empty: as it was
	LateMinutes int
}

// ZoneChange says what another time zone did to posts that are still to come.
type ZoneChange struct {
	Moved int // keep their clock time: 18:30 stays 18:30
	Kept  int // keep their moment: at the same clock time they would be past
}

// UpdateClub changes the settings of the scope's club; practice mode is not one of
// them, so that a form that was opened before the club went live cannot take it
// back. With another zone, posts
// that are still to come keep the clock time that people chose; one that would
// then be in the past keeps its moment instead, so that nothing goes out because
// of a setting. Another grace is for posts that are scheduled or moved later.
func (db *DB) UpdateClub(ctx context.Context, s Scope, c ClubChange, origin string) (ZoneChange, error) {
	var change ZoneChange
	err := db.inTx(ctx, func(tx *tx) error {
		was, err := queryOne(ctx, tx, scanClub, `SELECT `+clubColumns+` FROM clubs WHERE id = ?`, s.ClubID)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `UPDATE clubs SET name = ?, zone = ?, week_start = ?, language = ?, late_minutes = ? WHERE id = ?`,
			c.Name, c.Zone, c.WeekStart, cmp.Or(c.Language, was.Language), c.LateMinutes, s.ClubID)
		if err != nil {
			return fmt.Errorf("change club: %w", err)
		}
		if was.Zone != c.Zone {
			if change, err = tx.rezone(ctx, s, c.Zone); err != nil {
				return err
			}
		}
		if err := tx.touch(ctx, s.ClubID); err != nil {
			return err
		}
		return tx.audit(ctx, s, "club_changed", c.Name, origin)
	})
	if err == nil {
		db.signal()
	}
	return change, err
}

// planned is a post that is still to come.
type planned struct {
	id    int64
	at    time.Time
	local string
	zone  string
}

// rezone gives posts that are still to come, and of which nothing has begun,
// their place in another zone.
func (t *tx) rezone(ctx context.Context, s Scope, zone string) (ZoneChange, error) {
	var change ZoneChange
	posts, err := queryAll(ctx, t, func(scan func(...any) error) (planned, error) {
		var p planned
		err := scan(&p.id, into(&p.at), &p.local, &p.zone)
		return p, err
	}, `
		SELECT id, planned_at, planned_local, planned_zone FROM posts p
		WHERE club_id = ? AND deleted_at IS NULL AND planned_at > ? AND NOT EXISTS (
			SELECT 1 FROM deliveries d WHERE d.post_id = p.id AND d.status NOT IN ('DRAFT', 'SCHEDULED', 'CANCELLED'))`,
		s.ClubID, ms(t.now))
	if err != nil {
		return change, fmt.Errorf("list posts to come: %w", err)
	}
	for _, p := range posts {
		slot, err := club.ParseSlot(p.local, zone)
		if err != nil {
			return change, err
		}
		if slot.At.After(t.now) {
			change.Moved++
		} else {
			change.Kept++
			if slot, err = club.SlotAt(p.at, zone); err != nil {
				return change, err
			}
		}
		if err := t.replan(ctx, s, p, slot); err != nil {
			return change, err
		}
	}
	return change, nil
}

// replan moves a post and what is scheduled of it by the same time.
func (t *tx) replan(ctx context.Context, s Scope, p planned, slot club.Slot) error {
	_, err := t.ExecContext(ctx, `UPDATE posts SET planned_at = ?, planned_local = ?, planned_zone = ?, version = version + 1 WHERE id = ?`,
		ms(slot.At), slot.Local, slot.Zone, p.id)
	if err != nil {
		return fmt.Errorf("move post %d to the new zone: %w", p.id, err)
	}
	if slot.At.Equal(p.at) {
		return nil
	}
	return t.retimePost(ctx, s, p.id, slot.At, terms{})
}
