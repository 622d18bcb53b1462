package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Actor is a signed-in person in one of their clubs, with what every page
// shows: read in one go.
type Actor struct {
	Person     ActorPerson
	Club       ActorClub
	Role       club.Role // empty: in no club
	Unread     int       // notices
	Reconnect  int       // accounts that need reconnecting
	OtherClubs []ActorClub
}

// ActorPerson is what requests need to know of a person.
type ActorPerson struct {
	ID           int64
	Name, Email  string
	Theme        string
	Shortcuts    bool
	SessionsFrom time.Time
}

// ActorClub is what requests need to know of a club. Changes counts every
// change a page of the club could show.
type ActorClub struct {
	ID        int64
	Name      string
	Zone      string
	WeekStart time.Weekday
	Practice  bool
	Changes   int64
}

// Actor finds a person and their membership in a club; if they are not in it
// (any more), in the first of their clubs. club.ErrNotFound: no such person.
func (db *DB) Actor(ctx context.Context, personID, clubID int64) (*Actor, error) {
	a := &Actor{}
	err := db.read.QueryRowContext(ctx, `SELECT id, name, email, theme, shortcuts, sessions_from FROM people WHERE id = ?`, personID).
		Scan(&a.Person.ID, &a.Person.Name, &a.Person.Email, &a.Person.Theme, &a.Person.Shortcuts, into(&a.Person.SessionsFrom))
	if errors.Is(err, sql.ErrNoRows) {
		return nil, club.ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("find person: %w", err)
	}
	type membership struct {
		club ActorClub
		role club.Role
	}
	all, err := queryAll(ctx, db.read, func(scan func(...any) error) (m membership, err error) {
		err = scan(&m.club.ID, &m.club.Name, &m.club.Zone, &m.club.WeekStart, &m.club.Practice, &m.club.Changes, &m.role)
		return m, err
	}, `
		SELECT c.id, c.name, c.zone, c.week_start, c.practice, c.changes, m.role
		FROM members m JOIN clubs c ON c.id = m.club_id
		WHERE m.person_id = ? ORDER BY c.id = ? DESC, c.id`, personID, clubID)
	if err != nil {
		return nil, fmt.Errorf("find memberships: %w", err)
	}
	for i, m := range all {
		if i == 0 {
			a.Club, a.Role = m.club, m.role
			continue
		}
		a.OtherClubs = append(a.OtherClubs, m.club)
	}
	if a.Role == "" {
		return a, nil
	}
	err = db.read.QueryRowContext(ctx, `
		SELECT
		  (SELECT count(*) FROM notices WHERE club_id = ?1 AND person_id = ?2 AND read_at IS NULL),
		  (SELECT count(*) FROM connections WHERE club_id = ?1 AND practice = ?3 AND health = 'reconnect')`, a.Club.ID, personID, a.Club.Practice).
		Scan(&a.Unread, &a.Reconnect)
	if err != nil {
		return nil, fmt.Errorf("count what wants attention: %w", err)
	}
	return a, nil
}
