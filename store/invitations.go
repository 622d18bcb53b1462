package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
)

// invitationLife is how long an invitation link works.
const invitationLife = 7 * 24 * time.Hour

// Invitation is an open offer to join a club.
type Invitation struct {
	ID        int64
	ClubID    int64
	ClubName  string
	Email     string // whom it was meant for
	Role      club.Role
	InvitedBy string // name
	CreatedAt time.Time
	ExpiresAt time.Time
}

// An invitation is good only as long as who made it is still admin of the club.
const invitationQuery = `
	SELECT i.id, i.club_id, c.name, i.email, i.role, p.name, i.created_at, i.expires_at
	FROM invitations i JOIN clubs c ON c.id = i.club_id JOIN people p ON p.id = i.created_by
		JOIN members m ON m.club_id = i.club_id AND m.person_id = i.created_by AND m.role = 'admin' `

func scanInvitation(scan func(...any) error) (Invitation, error) {
	var i Invitation
	err := scan(&i.ID, &i.ClubID, &i.ClubName, &i.Email, &i.Role, &i.InvitedBy, into(&i.CreatedAt), into(&i.ExpiresAt))
	if errors.Is(err, sql.ErrNoRows) {
		return i, &club.Error{Code: club.NotFound, Key: "link_used"}
	}
	return i, err
}

// CreateInvitation makes the secret of a link by which one person can join for
// seven days. Only its hash is stored. An earlier open invitation for the same
// address is void; a member's address is refused.
func (db *DB) CreateInvitation(ctx context.Context, s Scope, email string, role club.Role, origin string) (token string, err error) {
	token, hash := newToken()
	err = db.inTx(ctx, func(tx *tx) error {
		if err := noMember(ctx, tx, s, email); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `DELETE FROM invitations WHERE club_id = ? AND email = ? AND used_at IS NULL`, s.ClubID, email); err != nil {
			return fmt.Errorf("drop earlier invitation: %w", err)
		}
		_, err := tx.ExecContext(ctx, `
			INSERT INTO invitations (club_id, token_hash, email, role, created_by, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			s.ClubID, hash, email, role, s.PersonID, ms(tx.now), ms(tx.now.Add(invitationLife)))
		if err != nil {
			return fmt.Errorf("add invitation: %w", err)
		}
		if err := tx.touch(ctx, s.ClubID); err != nil {
			return err
		}
		return tx.audit(ctx, s, "member_invited", email, origin)
	})
	return token, err
}

// CheckInvitation reports why CreateInvitation would refuse an address; nil if it
// would not.
func (db *DB) CheckInvitation(ctx context.Context, s Scope, email string) error {
	return noMember(ctx, db.read, s, email)
}

// noMember refuses the address of somebody who is in the scope's club.
func noMember(ctx context.Context, q querier, s Scope, email string) error {
	var members int
	err := q.QueryRowContext(ctx, `
		SELECT count(*) FROM people p JOIN members m ON m.person_id = p.id AND m.club_id = ? WHERE p.email = ?`, s.ClubID, email).Scan(&members)
	if err != nil {
		return fmt.Errorf("look for member: %w", err)
	}
	if members > 0 {
		return &club.Error{Code: club.Conflict, Field: "email", Key: "already_member", Args: map[string]string{"email": email}}
	}
	return nil
}

// Invitations lists the open invitations of a club, newest first.
func (db *DB) Invitations(ctx context.Context, clubID int64) ([]Invitation, error) {
	return queryAll(ctx, db.read, scanInvitation, invitationQuery+`
		WHERE i.club_id = ? AND i.used_at IS NULL AND i.expires_at > ? ORDER BY i.created_at DESC, i.id DESC LIMIT 200`, clubID, ms(db.now()))
}

// Invitation reads the open invitation behind a link; a link_used error when it
// was used, withdrawn or has expired.
func (db *DB) Invitation(ctx context.Context, token string) (Invitation, error) {
	return openInvitation(ctx, db.read, token, db.now())
}

func openInvitation(ctx context.Context, q querier, token string, now time.Time) (Invitation, error) {
	return queryOne(ctx, q, scanInvitation, invitationQuery+`WHERE i.token_hash = ? AND i.used_at IS NULL AND i.expires_at > ?`,
		hashToken(token), ms(now))
}

// WithdrawInvitation makes an open invitation of the club void.
func (db *DB) WithdrawInvitation(ctx context.Context, s Scope, id int64, origin string) error {
	return db.inTx(ctx, func(tx *tx) error {
		var email string
		err := tx.QueryRowContext(ctx, `DELETE FROM invitations WHERE id = ? AND club_id = ? AND used_at IS NULL RETURNING email`, id, s.ClubID).Scan(&email)
		if errors.Is(err, sql.ErrNoRows) {
			return club.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("withdraw invitation: %w", err)
		}
		if err := tx.touch(ctx, s.ClubID); err != nil {
			return err
		}
		return tx.audit(ctx, s, "invitation_withdrawn", email, origin)
	})
}

// AcceptInvitation makes a person who has an account a member. The link works
// no more.
func (db *DB) AcceptInvitation(ctx context.Context, token string, personID int64, origin string) (Invitation, error) {
	var i Invitation
	err := db.inTx(ctx, func(tx *tx) (err error) {
		i, err = tx.accept(ctx, token, personID, origin)
		return err
	})
	return i, err
}

// AcceptInvitationAsNew makes an account for the invited address, and a member
// of it. The link works no more. An address that has an account already is a
// conflict: that person signs in first.
func (db *DB) AcceptInvitationAsNew(ctx context.Context, token string, p NewPerson, origin string) (Person, Invitation, error) {
	var person Person
	var i Invitation
	err := db.inTx(ctx, func(tx *tx) (err error) {
		open, err := openInvitation(ctx, tx, token, tx.now)
		if err != nil {
			return err
		}
		if !strings.EqualFold(open.Email, p.Email) {
			return club.Fault("email", "invitation_other_address", "by", open.InvitedBy)
		}
		if person, err = tx.createPerson(ctx, p); err != nil {
			return err
		}
		i, err = tx.accept(ctx, token, person.ID, origin)
		return err
	})
	return person, i, err
}

func (t *tx) accept(ctx context.Context, token string, personID int64, origin string) (Invitation, error) {
	i, err := openInvitation(ctx, t, token, t.now)
	if err != nil {
		return i, err
	}
	if err := t.addMember(ctx, i.ClubID, personID, i.Role); err != nil {
		return i, err
	}
	if _, err := t.ExecContext(ctx, `UPDATE invitations SET used_at = ? WHERE id = ?`, ms(t.now), i.ID); err != nil {
		return i, fmt.Errorf("use invitation: %w", err)
	}
	return i, t.audit(ctx, Scope{i.ClubID, personID}, "member_joined", i.Email, origin)
}
