package store

import (
	"context"
	"fmt"

	"github.com/bandstand-app/bandstand/platforms"
)

// sharing selects the other accounts that hang on the same sign-in and have not
// been disconnected. Every club practises in a world of its own. Parameters:
// ?1 sign-in, ?2 the account itself, ?3 practice, ?4 its club.
const sharing = ` FROM connections c
	WHERE c.sign_in = ?1 AND c.sign_in <> '' AND c.id <> ?2 AND c.practice = ?3 AND c.health <> 'disconnected'
	  AND (c.club_id = ?4 OR ?3 = 0)`

// Sharers are the other accounts that hang on the sign-in of a connection: those
// of the scope's club by name, those of other clubs by their number alone.
func (db *DB) Sharers(ctx context.Context, s Scope, c Connection) (here []Connection, elsewhere int, err error) {
	if c.Account.SignIn == "" {
		return nil, 0, nil
	}
	here, err = queryAll(ctx, db.read, scanConnection, `SELECT `+connectionColumns+sharing+` AND c.club_id = ?5 ORDER BY c.id LIMIT 1000`,
		c.Account.SignIn, c.ID, c.Practice, c.ClubID, s.ClubID)
	if err != nil {
		return nil, 0, fmt.Errorf("find accounts of the sign-in of connection %d: %w", c.ID, err)
	}
	err = db.read.QueryRowContext(ctx, `SELECT count(*)`+sharing+` AND c.club_id <> ?5`,
		c.Account.SignIn, c.ID, c.Practice, c.ClubID, s.ClubID).Scan(&elsewhere)
	if err != nil {
		return nil, 0, fmt.Errorf("count accounts of the sign-in of connection %d: %w", c.ID, err)
	}
	return here, elsewhere, nil
}

// shareRefresh gives the other accounts of a sign-in its newest refresh token:
// the older may be worth nothing any more, and whichever account goes last must
// be able to withdraw the sign-in.
func (t *tx) shareRefresh(ctx context.Context, c Connection, tokens platforms.Tokens) error {
	if c.Account.SignIn == "" || tokens.Refresh.IsZero() {
		return nil
	}
	others, err := queryAll(ctx, t, scanValue[int64], `SELECT c.id`+sharing+` AND EXISTS (SELECT 1 FROM connection_refresh_tokens r WHERE r.connection_id = c.id)`,
		c.Account.SignIn, c.ID, c.Practice, c.ClubID)
	if err != nil {
		return fmt.Errorf("find accounts of the sign-in of connection %d: %w", c.ID, err)
	}
	for _, id := range others {
		if err := t.saveRefresh(ctx, id, tokens.Refresh, tokens.RefreshExpires); err != nil {
			return err
		}
	}
	return nil
}

// shareYes lets the other accounts of a sign-in know that the person has just
// been there.
func (t *tx) shareYes(ctx context.Context, c Connection) error {
	if c.Account.AsksAgain.IsZero() {
		return nil
	}
	_, err := t.ExecContext(ctx, `UPDATE connections SET asks_again = ?5 WHERE id IN (SELECT c.id`+sharing+`)`,
		c.Account.SignIn, c.ID, c.Practice, c.ClubID, ms(c.Account.AsksAgain))
	if err != nil {
		return fmt.Errorf("save end of the sign-in of connection %d: %w", c.ID, err)
	}
	return nil
}
