package store

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// EndingSignIn is a connection whose sign-in ends at a known time unless a person
// signs in again.
type EndingSignIn struct {
	Connection Connection
	Ends       time.Time
	warned     string // what people were last told about
}

// EndingSignIns lists connections of any club on a platform that work and end
// between now and a time, in the mode their club is in. renews tells whether the
// platform lets us renew.
func (db *DB) EndingSignIns(ctx context.Context, p platforms.ID, renews bool, before time.Time) ([]EndingSignIn, error) {
	ending, err := queryAll(ctx, db.read, func(scan func(...any) error) (EndingSignIn, error) {
		var e EndingSignIn
		err := scan(append([]any{into(&e.Ends), &e.warned}, e.Connection.fields()...)...)
		return e, err
	}, `
		SELECT min(coalesce(iif(?2 AND r.connection_id IS NOT NULL, c.refresh_expires, c.access_expires), ?4), coalesce(c.asks_again, ?4)) AS ends,
		  c.warned, `+connectionColumns+`
		FROM connections c
		JOIN clubs k ON k.id = c.club_id AND k.practice = c.practice
		LEFT JOIN connection_refresh_tokens r ON r.connection_id = c.id
		WHERE c.platform = ?1 AND c.health IN ('working', 'gaps') AND ends > ?3 AND ends < ?4
		ORDER BY ends LIMIT 1000`, p, renews, ms(db.now()), ms(before))
	if err != nil {
		return nil, fmt.Errorf("find sign-ins that end: %w", err)
	}
	return ending, nil
}

// WarnOfEnd tells the club's admins and whoever connected an account, once, that
// its sign-in ends, with days left at most.
func (db *DB) WarnOfEnd(ctx context.Context, e EndingSignIn, days int) error {
	mark := strconv.FormatInt(e.Ends.UnixMilli(), 10) + "/" + strconv.Itoa(days)
	if e.warned == mark {
		return nil
	}
	return db.inTx(ctx, func(tx *tx) error {
		c := e.Connection
		if _, err := tx.ExecContext(ctx, `UPDATE connections SET warned = ? WHERE id = ?`, mark, c.ID); err != nil {
			return fmt.Errorf("record warning of connection %d: %w", c.ID, err)
		}
		err := tx.notify(ctx, notice{
			clubID: c.ClubID, author: c.ConnectedBy, kind: club.NoticeEnding, connectionID: c.ID,
			key:  fmt.Sprintf("%s:%d:%s", club.NoticeEnding, c.ID, mark),
			args: map[string]string{"ends": e.Ends.UTC().Format(time.RFC3339)},
		})
		if err != nil {
			return err
		}
		return tx.touch(ctx, c.ClubID)
	})
}
