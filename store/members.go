package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// SeenEvery is how exactly "last seen" is known.
const SeenEvery = 10 * time.Minute

// Membership is one person in one club.
type Membership struct {
	Club         Club
	PersonID     int64
	Role         club.Role
	JoinedAt     time.Time
	SeenAt       time.Time // zero: never
	LastAccounts []int64   // connections ticked in the last new post
}

// Scope is what this membership lets the store act for.
func (m Membership) Scope() Scope { return Scope{m.Club.ID, m.PersonID} }

const membershipQuery = `
	SELECT c.id, c.name, c.zone, c.week_start, c.language, c.practice, c.late_minutes, c.changes, c.created_at,
		m.person_id, m.role, m.joined_at, m.seen_at, m.last_accounts
	FROM members m JOIN clubs c ON c.id = m.club_id `

func scanMembership(scan func(...any) error) (Membership, error) {
	var m Membership
	err := scan(append(m.Club.fields(), &m.PersonID, &m.Role, into(&m.JoinedAt), into(&m.SeenAt), intoJSON(&m.LastAccounts))...)
	if errors.Is(err, sql.ErrNoRows) {
		return m, club.ErrNotFound
	}
	return m, err
}

// Membership reads what a person is in a club; club.ErrNotFound if nothing.
func (db *DB) Membership(ctx context.Context, clubID, personID int64) (Membership, error) {
	return queryOne(ctx, db.read, scanMembership, membershipQuery+`WHERE m.club_id = ? AND m.person_id = ?`, clubID, personID)
}

// Memberships lists the clubs of a person by name.
func (db *DB) Memberships(ctx context.Context, personID int64) ([]Membership, error) {
	return queryAll(ctx, db.read, scanMembership, membershipQuery+`WHERE m.person_id = ? ORDER BY c.name, c.id LIMIT 500`, personID)
}

// Member is one line of the list of a club's people.
type Member struct {
	PersonID    int64
	Name, Email string
	Role        club.Role
	JoinedAt    time.Time
	SeenAt      time.Time // zero: never
}

// ListMax is how many people or accounts of a club are listed.
const ListMax = 1000

// Members lists the people of a club by name: ListMax of them at most.
func (db *DB) Members(ctx context.Context, clubID int64) ([]Member, error) {
	return queryAll(ctx, db.read, func(scan func(...any) error) (Member, error) {
		var m Member
		err := scan(&m.PersonID, &m.Name, &m.Email, &m.Role, into(&m.JoinedAt), into(&m.SeenAt))
		return m, err
	}, `
		SELECT p.id, p.name, p.email, m.role, m.joined_at, m.seen_at
		FROM members m JOIN people p ON p.id = m.person_id
		WHERE m.club_id = ? ORDER BY p.name, p.id LIMIT ?`, clubID, ListMax)
}

// SetRole changes what a member may do and ends that person's sessions. The
// last admin stays admin.
func (db *DB) SetRole(ctx context.Context, s Scope, personID int64, role club.Role, origin string) error {
	return db.inTx(ctx, func(tx *tx) error {
		was, err := tx.roleOf(ctx, s.ClubID, personID)
		if err != nil {
			return err
		}
		if role != club.Admin {
			if err := tx.keepAnAdmin(ctx, s.ClubID, personID); err != nil {
				return err
			}
		}
		if _, err := tx.ExecContext(ctx, `UPDATE members SET role = ? WHERE club_id = ? AND person_id = ?`, role, s.ClubID, personID); err != nil {
			return fmt.Errorf("set role: %w", err)
		}
		if was == club.Admin && role != club.Admin {
			if err := tx.voidLinks(ctx, s, personID, origin); err != nil {
				return err
			}
		}
		return tx.memberChanged(ctx, s, personID, "role_"+string(role), origin)
	})
}

// RemoveMember ends a membership and that person's sessions. What they made
// stays. The last admin cannot leave.
func (db *DB) RemoveMember(ctx context.Context, s Scope, personID int64, origin string) error {
	return db.inTx(ctx, func(tx *tx) error {
		was, err := tx.roleOf(ctx, s.ClubID, personID)
		if err != nil {
			return err
		}
		if err := tx.keepAnAdmin(ctx, s.ClubID, personID); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM members WHERE club_id = ? AND person_id = ?`, s.ClubID, personID); err != nil {
			return fmt.Errorf("remove member: %w", err)
		}
		if was == club.Admin {
			if err := tx.voidLinks(ctx, s, personID, origin); err != nil {
				return err
			}
		}
		return tx.memberChanged(ctx, s, personID, "member_removed", origin)
	})
}

// keepAnAdmin refuses when nobody but personID is admin of the club.
func (t *tx) keepAnAdmin(ctx context.Context, clubID, personID int64) error {
	var is, others int
	err := t.QueryRowContext(ctx, `
		SELECT count(*) FILTER (WHERE person_id = ?2), count(*) FILTER (WHERE person_id <> ?2)
		FROM members WHERE club_id = ?1 AND role = 'admin'`, clubID, personID).Scan(&is, &others)
	if err != nil {
		return fmt.Errorf("count admins: %w", err)
	}
	if is > 0 && others == 0 {
		return &club.Error{Code: club.Conflict, Field: "role", Key: "last_admin"}
	}
	return nil
}

func (t *tx) memberChanged(ctx context.Context, s Scope, personID int64, action, origin string) error {
	if err := t.endSessions(ctx, personID); err != nil {
		return err
	}
	var name string
	if err := t.QueryRowContext(ctx, `SELECT name FROM people WHERE id = ?`, personID).Scan(&name); err != nil {
		return fmt.Errorf("read name: %w", err)
	}
	if err := t.touch(ctx, s.ClubID); err != nil {
		return err
	}
	return t.audit(ctx, s, action, name, origin)
}

// roleOf is what a person is in a club; club.ErrNotFound if nothing.
func (t *tx) roleOf(ctx context.Context, clubID, personID int64) (club.Role, error) {
	var role club.Role
	err := t.QueryRowContext(ctx, `SELECT role FROM members WHERE club_id = ? AND person_id = ?`, clubID, personID).Scan(&role)
	if errors.Is(err, sql.ErrNoRows) {
		return "", club.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("read role: %w", err)
	}
	return role, nil
}

// voidLinks takes back, from somebody who is not admin any more, the ways into
// the club that they may still hold: the open invitations and the links to set a
// member's password that they made.
func (t *tx) voidLinks(ctx context.Context, s Scope, personID int64, origin string) error {
	emails, err := queryAll(ctx, t, scanValue[string], `DELETE FROM invitations WHERE club_id = ? AND created_by = ? AND used_at IS NULL RETURNING email`, s.ClubID, personID)
	if err != nil {
		return fmt.Errorf("withdraw invitations: %w", err)
	}
	for _, email := range emails {
		if err := t.audit(ctx, s, "invitation_withdrawn", email, origin); err != nil {
			return err
		}
	}
	_, err = t.ExecContext(ctx, `DELETE FROM password_resets WHERE club_id = ? AND made_by = ?`, s.ClubID, personID)
	if err != nil {
		return fmt.Errorf("drop reset links: %w", err)
	}
	return nil
}

// addMember makes a person a member. Links that set their password were made
// when they were not in this club, and are void.
func (t *tx) addMember(ctx context.Context, clubID, personID int64, role club.Role) error {
	_, err := t.ExecContext(ctx, `INSERT INTO members (club_id, person_id, role, joined_at) VALUES (?, ?, ?, ?)`,
		clubID, personID, role, ms(t.now))
	if isUnique(err) {
		return &club.Error{Code: club.Conflict, Key: "already_member_self"}
	}
	if err != nil {
		return fmt.Errorf("add member: %w", err)
	}
	if err := t.dropResets(ctx, personID); err != nil {
		return err
	}
	return t.touch(ctx, clubID)
}

// MarkSeen notes that the member is here, unless that was noted within SeenEvery.
// The change shows on the members page alone, so the club's change counter stays.
func (db *DB) MarkSeen(ctx context.Context, s Scope) error {
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE members SET seen_at = ?1 WHERE club_id = ?2 AND person_id = ?3 AND (seen_at IS NULL OR seen_at NOT BETWEEN ?4 AND ?1)`,
			ms(tx.now), s.ClubID, s.PersonID, ms(tx.now.Add(-SeenEvery)))
		return err
	})
}

// SetLastAccounts keeps which connections the next new post begins with.
func (db *DB) SetLastAccounts(ctx context.Context, s Scope, connections []int64) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.setLastAccounts(ctx, s, connections) })
}

func (t *tx) setLastAccounts(ctx context.Context, s Scope, connections []int64) error {
	_, err := t.ExecContext(ctx, `UPDATE members SET last_accounts = ? WHERE club_id = ? AND person_id = ?`, jsonOf(orEmpty(connections)), s.ClubID, s.PersonID)
	return err
}
