package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/bandstand-app/bandstand/internal/club"
)

// Stake is a member with what of the club hangs on them: what people should know
// before they change the member's role, or remove them.
type Stake struct {
	Member
	Admins      int          // of the club, this member included
	Scheduled   int          // posts they wrote that are still to go out
	Invitations int          // open ones they made
	Accounts    []Connection // they connected, and that still work or can be reconnected
}

// Stake reads it for a member of the scope's club, of posts and accounts in the
// mode the club is in; club.ErrNotFound if they are none.
func (db *DB) Stake(ctx context.Context, s Scope, personID int64) (Stake, error) {
	var k Stake
	err := db.read.QueryRowContext(ctx, `
		SELECT p.id, p.name, p.email, m.role, m.joined_at, m.seen_at,
			(SELECT count(*) FROM members a WHERE a.club_id = m.club_id AND a.role = 'admin'),
			(SELECT count(DISTINCT d.post_id) FROM deliveries d JOIN posts o ON o.id = d.post_id
				WHERE d.club_id = m.club_id AND d.status IN ('SCHEDULED', 'PUBLISHING') AND o.author_id = m.person_id AND o.practice = c.practice),
			(SELECT count(*) FROM invitations i WHERE i.club_id = m.club_id AND i.created_by = m.person_id AND i.used_at IS NULL AND i.expires_at > ?3)
		FROM members m JOIN people p ON p.id = m.person_id JOIN clubs c ON c.id = m.club_id
		WHERE m.club_id = ?1 AND m.person_id = ?2`, s.ClubID, personID, ms(db.now())).
		Scan(&k.PersonID, &k.Name, &k.Email, &k.Role, into(&k.JoinedAt), into(&k.SeenAt), &k.Admins, &k.Scheduled, &k.Invitations)
	if errors.Is(err, sql.ErrNoRows) {
		return k, club.ErrNotFound
	}
	if err != nil {
		return k, fmt.Errorf("read what hangs on a member: %w", err)
	}
	k.Accounts, err = queryAll(ctx, db.read, scanConnection, `
		SELECT `+connectionColumns+` FROM connections c
		WHERE c.club_id = ?1 AND c.connected_by = ?2 AND c.health <> 'disconnected' AND c.practice = (SELECT practice FROM clubs WHERE id = ?1)
		ORDER BY c.id LIMIT 200`, s.ClubID, personID)
	if err != nil {
		return k, fmt.Errorf("list accounts that a member connected: %w", err)
	}
	return k, nil
}
