package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// Connected is a connection as its page shows it.
type Connected struct {
	Connection
	ByName string // who connected it
	// Waiting counts deliveries that are still to go out.
	Waiting int
	// CanRenew tells whether there is something to renew the sign-in with.
	CanRenew bool
}

// End is when the sign-in ends for good unless a person renews it; zero if no
// end is known. renews tells whether the platform lets us renew.
func (c Connected) End(renews bool) time.Time {
	end := c.AccessExpires
	if renews && c.CanRenew {
		end = c.RefreshExpires
	}
	if again := c.Account.AsksAgain; end.IsZero() || !again.IsZero() && again.Before(end) {
		return again
	}
	return end
}

const connectedQuery = `
	SELECT ` + connectionColumns + `, p.name,
	  (SELECT count(*) FROM deliveries d WHERE d.connection_id = c.id AND d.status = 'SCHEDULED'),
	  EXISTS (SELECT 1 FROM connection_refresh_tokens r WHERE r.connection_id = c.id)
	FROM connections c JOIN people p ON p.id = c.connected_by `

func scanConnected(scan func(...any) error) (Connected, error) {
	var c Connected
	err := scan(append(c.fields(), &c.ByName, &c.Waiting, &c.CanRenew)...)
	if errors.Is(err, sql.ErrNoRows) {
		return c, club.ErrNotFound
	}
	return c, err
}

// ConnectedAccounts lists the real or the make-believe connections of the
// scope's club, in the order they were made: never both, and ListMax at most.
func (db *DB) ConnectedAccounts(ctx context.Context, s Scope, practice bool) ([]Connected, error) {
	return queryAll(ctx, db.read, scanConnected, connectedQuery+`WHERE c.club_id = ? AND c.practice = ? ORDER BY c.id LIMIT ?`, s.ClubID, practice, ListMax)
}

// ConnectedAccount reads one of them.
func (db *DB) ConnectedAccount(ctx context.Context, s Scope, practice bool, id int64) (Connected, error) {
	return queryOne(ctx, db.read, scanConnected, connectedQuery+`WHERE c.id = ? AND c.club_id = ? AND c.practice = ?`, id, s.ClubID, practice)
}

// ConnectChosen makes connections of the picked accounts of a choice, by their
// place in it, and forgets the choice. Accounts that cannot be used are left
// out. An account that is connected already keeps its connection.
func (db *DB) ConnectChosen(ctx context.Context, s Scope, choiceID string, picks []int, origin string) ([]Connection, error) {
	var made []Connection
	err := db.inTx(ctx, func(tx *tx) error {
		c, err := db.choice(ctx, tx, s, choiceID, tx.now)
		if err != nil {
			return err
		}
		for i, a := range c.Accounts {
			if !slices.Contains(picks, i) || a.Unusable != "" {
				continue
			}
			conn, err := tx.connect(ctx, s, c.Practice, a, origin)
			if err != nil {
				return err
			}
			made = append(made, conn)
		}
		return tx.dropChoice(ctx, choiceID)
	})
	if err == nil {
		db.signal()
	}
	return made, err
}

// Connect makes a connection of one account, or signs it in again: then it keeps
// its identity.
func (db *DB) Connect(ctx context.Context, s Scope, practice bool, a platforms.Account, origin string) (Connection, error) {
	var made Connection
	err := db.inTx(ctx, func(tx *tx) (err error) {
		made, err = tx.connect(ctx, s, practice, a, origin)
		return err
	})
	if err == nil {
		db.signal()
	}
	return made, err
}

// Reconnect signs an account in again, and with it those of the scope's club that
// wait for that and were seen behind the same sign-in: nobody should have to
// sign in once an account. The account that was asked for is the first.
func (db *DB) Reconnect(ctx context.Context, s Scope, practice bool, a platforms.Account, seen []platforms.Account, origin string) ([]Connection, error) {
	var made []Connection
	err := db.inTx(ctx, func(tx *tx) error {
		made = nil
		first, err := tx.connect(ctx, s, practice, a, origin)
		if err != nil {
			return err
		}
		made = append(made, first)
		for _, other := range seen {
			if other.Unusable != "" {
				continue
			}
			var waits bool
			err := tx.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM connections WHERE club_id = ? AND platform = ? AND practice = ? AND server = ? AND remote_id = ? AND health = ?)`,
				s.ClubID, other.Platform, practice, other.Server, other.RemoteID, club.NeedsReconnect).Scan(&waits)
			if err != nil {
				return fmt.Errorf("find what else waits for a sign-in: %w", err)
			}
			if !waits || other.Is(a) {
				continue
			}
			conn, err := tx.connect(ctx, s, practice, other, origin)
			if err != nil {
				return err
			}
			made = append(made, conn)
		}
		return nil
	})
	if err == nil {
		db.signal()
	}
	return made, err
}

func (t *tx) connect(ctx context.Context, s Scope, practice bool, a platforms.Account, origin string) (Connection, error) {
	health, code := club.HealthOf(a)
	action := "account_reconnected"
	var id int64
	err := t.QueryRowContext(ctx, `SELECT id FROM connections WHERE club_id = ? AND platform = ? AND practice = ? AND server = ? AND remote_id = ?`,
		s.ClubID, a.Platform, practice, a.Server, a.RemoteID).Scan(&id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		action = "account_connected"
		id, err = t.insertConnection(ctx, s, practice, a, health, code)
	case err == nil:
		err = t.reconnect(ctx, s, id, a, health, code)
	}
	if err != nil {
		return Connection{}, fmt.Errorf("connect account at %s: %w", a.Platform, err)
	}
	if err := t.saveTokens(ctx, id, a.Tokens); err != nil {
		return Connection{}, err
	}
	if err := t.noteCheck(ctx, id, health, code); err != nil {
		return Connection{}, err
	}
	if err := t.audit(ctx, s, action, inRecord(a), origin); err != nil {
		return Connection{}, err
	}
	if err := t.touch(ctx, s.ClubID); err != nil {
		return Connection{}, err
	}
	made, err := queryOne(ctx, t, scanConnection, `SELECT `+connectionColumns+` FROM connections c WHERE c.id = ?`, id)
	if err != nil {
		return made, err
	}
	if err := t.startWork(ctx, made); err != nil {
		return made, err
	}
	if err := t.shareYes(ctx, made); err != nil {
		return made, err
	}
	return made, t.shareRefresh(ctx, made, a.Tokens)
}

func (t *tx) insertConnection(ctx context.Context, s Scope, practice bool, a platforms.Account, h club.Health, code string) (int64, error) {
	var id int64
	err := t.QueryRowContext(ctx, `
		INSERT INTO connections (club_id, platform, practice, remote_id, name, handle, host, kind, granted, missing,
		  health, health_code, connected_by, connected_at, checked_at, sign_in, asks_again, server, facts)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14, ?15, ?16, ?17, ?18) RETURNING id`,
		s.ClubID, a.Platform, practice, a.RemoteID, a.Name, a.Handle, a.Host, a.Kind, jsonOf(orEmpty(a.Granted)), jsonOf(orEmpty(a.Missing)),
		h, code, s.PersonID, ms(t.now), a.SignIn, ms(a.AsksAgain), a.Server, factsOf(a)).Scan(&id)
	return id, err
}

// reconnect signs a connection in again. Its old refresh token goes: it belongs
// to a sign-in that is no more. The rest it had to keep goes with the new one.
func (t *tx) reconnect(ctx context.Context, s Scope, id int64, a platforms.Account, h club.Health, code string) error {
	_, err := t.ExecContext(ctx, `
		UPDATE connections SET name = ?, handle = ?, host = ?, kind = ?, granted = ?, missing = ?, health = ?, health_code = ?,
		  connected_by = ?, connected_at = ?, checked_at = ?, sign_in = ?, asks_again = ?, facts = coalesce(?, facts), refresh_expires = NULL, blocked_until = 0, version = version + 1
		WHERE id = ?`,
		a.Name, a.Handle, a.Host, a.Kind, jsonOf(orEmpty(a.Granted)), jsonOf(orEmpty(a.Missing)), h, code,
		s.PersonID, ms(t.now), ms(t.now), a.SignIn, ms(a.AsksAgain), factsOf(a), id)
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `DELETE FROM connection_refresh_tokens WHERE connection_id = ?`, id)
	return err
}

// noteCheck adds a line to the checks of a connection.
func (t *tx) noteCheck(ctx context.Context, id int64, h club.Health, code string) error {
	_, err := t.ExecContext(ctx, `INSERT INTO connection_checks (connection_id, at, health, code) VALUES (?, ?, ?, ?)`, id, ms(t.now), h, code)
	if err != nil {
		return fmt.Errorf("record check of connection %d: %w", id, err)
	}
	return nil
}

// NoteFailedCheck records that a platform could not be asked. What is known of
// the connection, and when it was last known, stays.
func (db *DB) NoteFailedCheck(ctx context.Context, s Scope, id int64, code string) error {
	return db.inTx(ctx, func(tx *tx) error {
		var h club.Health
		err := tx.QueryRowContext(ctx, `SELECT health FROM connections WHERE id = ? AND club_id = ?`, id, s.ClubID).Scan(&h)
		if errors.Is(err, sql.ErrNoRows) {
			return club.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("record check of connection %d: %w", id, err)
		}
		if err := tx.noteCheck(ctx, id, h, code); err != nil {
			return err
		}
		return tx.touch(ctx, s.ClubID)
	})
}

// AccountNumbers are the newest numbers of an account as a whole. What the
// platform does not give is absent; the zero time: none were taken yet.
func (db *DB) AccountNumbers(ctx context.Context, s Scope, id int64) (numbers map[platforms.Number]int64, taken time.Time, err error) {
	var followers, posts, reach, impressions sql.NullInt64
	err = db.read.QueryRowContext(ctx, `
		SELECT taken_at, followers, posts, reach, impressions FROM account_snapshots
		WHERE connection_id = ? AND club_id = ? ORDER BY day DESC LIMIT 1`, id, s.ClubID).
		Scan(into(&taken), &followers, &posts, &reach, &impressions)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, taken, nil
	}
	if err != nil {
		return nil, taken, fmt.Errorf("read numbers of connection %d: %w", id, err)
	}
	numbers = map[platforms.Number]int64{}
	for name, n := range map[platforms.Number]sql.NullInt64{
		platforms.Followers: followers, platforms.Posts: posts, platforms.Reach: reach, platforms.Impressions: impressions,
	} {
		if n.Valid {
			numbers[name] = n.Int64
		}
	}
	return numbers, taken, nil
}

// SignInTokens opens both tokens of a connection, for telling the platform that
// they are needed no more. club.ErrNotFound: it has none.
func (db *DB) SignInTokens(ctx context.Context, connectionID int64) (platforms.Tokens, error) {
	access, err := db.AccessToken(ctx, connectionID)
	if err != nil {
		return platforms.Tokens{}, err
	}
	t := platforms.Tokens{Access: access.Secret, AccessExpires: access.Expires}
	t.Refresh, err = db.refreshToken(ctx, connectionID)
	return t, err
}

// Disconnect destroys the sign-in of a connection and takes what was to go out
// through it off the calendar (row 37). What was published stays.
func (db *DB) Disconnect(ctx context.Context, s Scope, id int64, origin string) error {
	err := db.inTx(ctx, func(tx *tx) error {
		c, err := queryOne(ctx, tx, scanConnection, `SELECT `+connectionColumns+` FROM connections c WHERE c.id = ? AND c.club_id = ?`, id, s.ClubID)
		if err != nil {
			return err
		}
		return tx.disconnect(ctx, s, c, origin)
	})
	if err == nil {
		db.signal()
	}
	return err
}

func (t *tx) disconnect(ctx context.Context, s Scope, c Connection, origin string) error {
	if c.Health == club.Disconnected {
		return nil // somebody else was quicker
	}
	if err := t.cancelConnection(ctx, s, c.ID); err != nil {
		return err
	}
	if err := t.deleteTokens(ctx, c.ID); err != nil {
		return err
	}
	if err := t.stopWork(ctx, c.ID); err != nil {
		return err
	}
	_, err := t.ExecContext(ctx, `UPDATE connections SET health = ?, health_code = '', version = version + 1 WHERE id = ?`, club.Disconnected, c.ID)
	if err != nil {
		return fmt.Errorf("disconnect connection %d: %w", c.ID, err)
	}
	if err := t.noteCheck(ctx, c.ID, club.Disconnected, ""); err != nil {
		return err
	}
	if err := t.audit(ctx, s, "account_disconnected", inRecord(c.Account), origin); err != nil {
		return err
	}
	return t.touch(ctx, s.ClubID)
}

// SetSendsAgain says whether a post of an account that cannot be found may be sent
// once more without asking.
func (db *DB) SetSendsAgain(ctx context.Context, s Scope, id int64, yes bool, origin string) error {
	return db.inTx(ctx, func(tx *tx) error {
		var account string
		err := tx.QueryRowContext(ctx, `
			UPDATE connections SET asks_when_unsure = ? WHERE id = ? AND club_id = ? RETURNING `+accountInRecord,
			!yes, id, s.ClubID).Scan(&account)
		if errors.Is(err, sql.ErrNoRows) {
			return club.ErrNotFound
		}
		if err != nil {
			return fmt.Errorf("set what happens when connection %d is not sure: %w", id, err)
		}
		action := "account_asks"
		if yes {
			action = "account_sends_again"
		}
		if err := tx.audit(ctx, s, action, account, origin); err != nil {
			return err
		}
		return tx.touch(ctx, s.ClubID)
	})
}

// PractiseAgain takes the scope's club back to practice mode.
func (db *DB) PractiseAgain(ctx context.Context, s Scope, origin string) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.setPractice(ctx, s, true, origin) })
}

func (t *tx) setPractice(ctx context.Context, s Scope, on bool, origin string) error {
	if _, err := t.ExecContext(ctx, `UPDATE clubs SET practice = ? WHERE id = ?`, on, s.ClubID); err != nil {
		return fmt.Errorf("switch practice mode: %w", err)
	}
	action := "practice_off"
	if on {
		action = "practice_on"
	}
	if err := t.audit(ctx, s, action, "", origin); err != nil {
		return err
	}
	return t.touch(ctx, s.ClubID)
}

// DisconnectPractice disconnects every make-believe account of the scope's club,
// or none: their platforms have forgotten them.
func (db *DB) DisconnectPractice(ctx context.Context, s Scope, origin string) error {
	err := db.inTx(ctx, func(tx *tx) error {
		all, err := queryAll(ctx, tx, scanConnection, `
			SELECT `+connectionColumns+` FROM connections c
			WHERE c.club_id = ? AND c.practice = 1 AND c.health <> 'disconnected' ORDER BY c.id LIMIT 1000`, s.ClubID)
		if err != nil {
			return fmt.Errorf("list make-believe accounts: %w", err)
		}
		for _, c := range all {
			if err := tx.disconnect(ctx, s, c, origin); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		db.signal()
	}
	return err
}
