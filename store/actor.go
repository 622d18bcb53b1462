package store

import (
	"context"
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
	Hold       Hold // of all posts; zero if nothing is held
	Waiting    int  // posts that were put aside for people to decide
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
	type membership struct {
		club              ActorClub
		role              club.Role
		unread, reconnect int
		holds, waiting    int
	}
	// A person without a club has one row, with a club that is zero.
	all, err := queryAll(ctx, db.read, func(scan func(...any) error) (m membership, err error) {
		p, c := &a.Person, &m.club
		err = scan(&p.ID, &p.Name, &p.Email, &p.Theme, &p.Shortcuts, into(&p.SessionsFrom),
			&c.ID, &c.Name, &c.Zone, &c.WeekStart, &c.Practice, &c.Changes, &m.role, &m.unread, &m.reconnect, &m.holds, &m.waiting)
		return m, err
	}, `
		SELECT p.id, p.name, p.email, p.theme, p.shortcuts, p.sessions_from,
			coalesce(c.id, 0), coalesce(c.name, ''), coalesce(c.zone, ''), coalesce(c.week_start, 0), coalesce(c.practice, 0), coalesce(c.changes, 0),
			coalesce(m.role, ''),
			(SELECT count(DISTINCT `+noticeSubject+`) FROM notices n `+noticeParts+`
				WHERE n.club_id = c.id AND n.person_id = p.id AND n.read_at IS NULL AND `+noticeStands+`),
			(SELECT count(*) FROM connections n WHERE n.club_id = c.id AND n.practice = c.practice AND n.health = 'reconnect'),
			(SELECT count(*) FROM holds h WHERE h.club_id = c.id AND h.ended_at IS NULL),
			(SELECT count(DISTINCT d.post_id) FROM deliveries d JOIN posts q ON q.id = d.post_id AND q.deleted_at IS NULL AND q.practice <= c.practice
				WHERE d.club_id = c.id AND d.phase IN ('held', 'restored', 'clone', 'clock', 'late', 'reconnect', 'ambiguous', 'reconciling', 'partial')
					AND d.phase <> 'partial' AND (d.phase <> 'reconciling' OR d.code = 'outcome_looking'))
		FROM people p LEFT JOIN members m ON m.person_id = p.id LEFT JOIN clubs c ON c.id = m.club_id
		WHERE p.id = ? ORDER BY c.id = ? DESC, c.id`, personID, clubID)
	if err != nil {
		return nil, fmt.Errorf("find person: %w", err)
	}
	if len(all) == 0 {
		return nil, club.ErrNotFound
	}
	a.Club, a.Role, a.Unread, a.Reconnect, a.Waiting = all[0].club, all[0].role, all[0].unread, all[0].reconnect, all[0].waiting
	if all[0].holds > 0 {
		if a.Hold, err = activeHold(ctx, db.read, a.Club.ID, db.now()); err != nil {
			return nil, err
		}
	}
	for _, m := range all[1:] {
		a.OtherClubs = append(a.OtherClubs, m.club)
	}
	return a, nil
}
