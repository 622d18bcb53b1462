package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/failpoint"
	"github.com/bandstand-app/bandstand/platforms"
)

// AccessToken is the right to act for a connection, opened for one call.
type AccessToken struct {
	Secret   platforms.Secret
	Version  int64 // +1 with every new pair
	IssuedAt time.Time
	Expires  time.Time // zero: no known end
	// Last: what it is renewed with ends no later, so that renewing gains nothing.
	Last bool
}

// AccessToken opens the access token of a connection. club.ErrNotFound: it has
// none, for it is disconnected.
func (db *DB) AccessToken(ctx context.Context, connectionID int64) (AccessToken, error) {
	var t AccessToken
	var sealed []byte
	err := db.read.QueryRowContext(ctx, `
		SELECT t.access, t.version, t.issued_at, c.access_expires, coalesce(c.access_expires >= c.refresh_expires, 0)
		FROM connection_tokens t JOIN connections c ON c.id = t.connection_id WHERE t.connection_id = ?`, connectionID).
		Scan(&sealed, &t.Version, into(&t.IssuedAt), into(&t.Expires), &t.Last)
	if errors.Is(err, sql.ErrNoRows) {
		return t, club.ErrNotFound
	}
	if err != nil {
		return t, fmt.Errorf("read sign-in of connection %d: %w", connectionID, err)
	}
	plain, err := db.keys.Open(sealed, "connection_tokens", strconv.FormatInt(connectionID, 10), "access")
	if err != nil {
		return t, fmt.Errorf("open sign-in of connection %d: %w", connectionID, err)
	}
	t.Secret = platforms.NewSecret(string(plain))
	return t, nil
}

// ErrRenewLater: the last renewal failed, and it is too early for the next.
var ErrRenewLater = errors.New("too early to renew again")

// Renewal is what a renewal of a sign-in begins with.
type Renewal struct {
	Refresh   platforms.Secret
	Version   int64 // of the pair it belongs to
	Failures  int
	NotBefore time.Time // with ErrRenewLater: when to try again
}

// StartRenewal commits that the pair of a connection is about to be renewed,
// and opens its refresh token (rule P17). Nothing but renewing calls it. Until
// its end is known, and should it never be, nobody renews with this token before
// again, neither this account nor another of the same sign-in.
// club.ErrNotFound: there is nothing to renew with. ErrRenewLater: not yet.
func (db *DB) StartRenewal(ctx context.Context, connectionID int64, boot string, again time.Time) (Renewal, error) {
	var r Renewal
	var sealed []byte
	err := db.inTx(ctx, func(tx *tx) error {
		err := tx.QueryRowContext(ctx, `
			SELECT r.refresh, r.failures, r.next_at, t.version
			FROM connection_refresh_tokens r JOIN connection_tokens t ON t.connection_id = r.connection_id
			WHERE r.connection_id = ?`, connectionID).
			Scan(&sealed, &r.Failures, into(&r.NotBefore), &r.Version)
		if errors.Is(err, sql.ErrNoRows) {
			return club.ErrNotFound
		}
		if err != nil {
			return err
		}
		if r.NotBefore.After(tx.now) {
			return ErrRenewLater
		}
		if err := tx.renewNotBefore(ctx, connectionID, again, 0); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, `
			UPDATE connection_refresh_tokens SET started_version = ?, started_boot = ?, started_at = ? WHERE connection_id = ?`,
			r.Version, boot, ms(tx.now), connectionID)
		return cmp.Or(err, failpoint.Hit("renewal.start.before"))
	})
	if err == nil {
		err = failpoint.Hit("renewal.start.after")
	}
	if err != nil {
		return r, fmt.Errorf("start renewal of connection %d: %w", connectionID, err)
	}
	plain, err := db.keys.Open(sealed, "connection_refresh_tokens", strconv.FormatInt(connectionID, 10), "refresh")
	if err != nil {
		return r, fmt.Errorf("open sign-in of connection %d: %w", connectionID, err)
	}
	r.Refresh = platforms.NewSecret(string(plain))
	return r, nil
}

// FinishRenewal keeps the new pair, if the one it was made from is still there.
// A new refresh token is also that of the other accounts of the same sign-in.
func (db *DB) FinishRenewal(ctx context.Context, connectionID, version int64, tokens platforms.Tokens) error {
	err := db.inTx(ctx, func(tx *tx) error {
		var have int64
		err := tx.QueryRowContext(ctx, `SELECT version FROM connection_tokens WHERE connection_id = ?`, connectionID).Scan(&have)
		if errors.Is(err, sql.ErrNoRows) || err == nil && have != version {
			return nil // disconnected or reconnected meanwhile: that is newer
		}
		if err != nil {
			return fmt.Errorf("finish renewal of connection %d: %w", connectionID, err)
		}
		if err := tx.saveTokens(ctx, connectionID, tokens); err != nil {
			return err
		}
		if err := tx.renewNotBefore(ctx, connectionID, time.Time{}, 0); err != nil {
			return err
		}
		c, err := queryOne(ctx, tx, scanConnection, `SELECT `+connectionColumns+` FROM connections c WHERE c.id = ?`, connectionID)
		if err != nil {
			return fmt.Errorf("finish renewal of connection %d: %w", connectionID, err)
		}
		return cmp.Or(tx.shareRefresh(ctx, c, tokens), failpoint.Hit("renewal.finish.before"))
	})
	if err == nil {
		err = failpoint.Hit("renewal.finish.after")
	}
	return err
}

// FailRenewal records that a renewal did not succeed: the old pair stays, and
// the next try is not before next.
func (db *DB) FailRenewal(ctx context.Context, connectionID int64, next time.Time) error {
	err := db.inTx(ctx, func(tx *tx) error {
		if err := tx.renewNotBefore(ctx, connectionID, next, 1); err != nil {
			return err
		}
		return failpoint.Hit("renewal.fail.before")
	})
	if err == nil {
		err = failpoint.Hit("renewal.fail.after")
	}
	return err
}

// renewNotBefore says when the refresh token of a connection may be used next,
// by it or by the other accounts of the same sign-in, and counts a failure.
func (t *tx) renewNotBefore(ctx context.Context, connectionID int64, at time.Time, failures int) error {
	_, err := t.ExecContext(ctx, `
		UPDATE connection_refresh_tokens SET failures = failures + ?2, next_at = coalesce(?3, 0)
		WHERE connection_id = ?1 OR connection_id IN (
			SELECT o.id FROM connections c JOIN connections o ON o.sign_in = c.sign_in AND o.practice = c.practice
			WHERE c.id = ?1 AND c.sign_in <> '' AND o.sign_in <> '' AND (o.club_id = c.club_id OR c.practice = 0))`,
		connectionID, failures, ms(at))
	if err != nil {
		return fmt.Errorf("record renewal of connection %d: %w", connectionID, err)
	}
	return nil
}

// SaveTokens keeps the tokens of a new or renewed sign-in.
func (db *DB) SaveTokens(ctx context.Context, connectionID int64, tokens platforms.Tokens) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.saveTokens(ctx, connectionID, tokens) })
}

// saveTokens seals and keeps both tokens with their expiries. An empty token
// never overwrites: the old one stays (rule P17).
func (t *tx) saveTokens(ctx context.Context, connectionID int64, tokens platforms.Tokens) error {
	if tokens.Access.IsZero() {
		return fmt.Errorf("save sign-in of connection %d: the access token is empty", connectionID)
	}
	row := strconv.FormatInt(connectionID, 10)
	access, err := t.db.keys.Seal([]byte(tokens.Access.Reveal()), "connection_tokens", row, "access")
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `
		INSERT INTO connection_tokens (connection_id, access, version, issued_at) VALUES (?1, ?2, 1, ?3)
		ON CONFLICT (connection_id) DO UPDATE SET access = ?2, version = version + 1, issued_at = ?3`,
		connectionID, access, ms(t.now))
	if err != nil {
		return fmt.Errorf("save sign-in of connection %d: %w", connectionID, err)
	}
	var clubID int64
	err = t.QueryRowContext(ctx, `UPDATE connections SET access_expires = ? WHERE id = ? RETURNING club_id`, ms(tokens.AccessExpires), connectionID).Scan(&clubID)
	if err != nil {
		return fmt.Errorf("save expiry of connection %d: %w", connectionID, err)
	}
	if err := t.planWork(ctx, ofConnection(WorkRenewal, clubID, connectionID, t.now)); err != nil {
		return err
	}
	if tokens.Refresh.IsZero() {
		_, err = t.ExecContext(ctx, `UPDATE connection_refresh_tokens SET failures = 0, next_at = 0 WHERE connection_id = ?`, connectionID)
		if err != nil {
			return fmt.Errorf("save sign-in of connection %d: %w", connectionID, err)
		}
		return nil
	}
	return t.saveRefresh(ctx, connectionID, tokens.Refresh, tokens.RefreshExpires)
}

// saveRefresh seals and keeps a refresh token with its expiry.
func (t *tx) saveRefresh(ctx context.Context, connectionID int64, refresh platforms.Secret, expires time.Time) error {
	sealed, err := t.db.keys.Seal([]byte(refresh.Reveal()), "connection_refresh_tokens", strconv.FormatInt(connectionID, 10), "refresh")
	if err != nil {
		return err
	}
	_, err = t.ExecContext(ctx, `
		INSERT INTO connection_refresh_tokens (connection_id, refresh) VALUES (?1, ?2)
		ON CONFLICT (connection_id) DO UPDATE SET refresh = ?2, failures = 0, next_at = 0`, connectionID, sealed)
	if err != nil {
		return fmt.Errorf("save sign-in of connection %d: %w", connectionID, err)
	}
	_, err = t.ExecContext(ctx, `UPDATE connections SET refresh_expires = ? WHERE id = ?`, ms(expires), connectionID)
	if err != nil {
		return fmt.Errorf("save expiry of connection %d: %w", connectionID, err)
	}
	return nil
}

// refreshToken opens the refresh token of a connection; empty if it has none.
func (db *DB) refreshToken(ctx context.Context, connectionID int64) (platforms.Secret, error) {
	var sealed []byte
	err := db.read.QueryRowContext(ctx, `SELECT refresh FROM connection_refresh_tokens WHERE connection_id = ?`, connectionID).Scan(&sealed)
	if errors.Is(err, sql.ErrNoRows) {
		return platforms.Secret{}, nil
	}
	if err != nil {
		return platforms.Secret{}, fmt.Errorf("read sign-in of connection %d: %w", connectionID, err)
	}
	plain, err := db.keys.Open(sealed, "connection_refresh_tokens", strconv.FormatInt(connectionID, 10), "refresh")
	if err != nil {
		return platforms.Secret{}, fmt.Errorf("open sign-in of connection %d: %w", connectionID, err)
	}
	return platforms.NewSecret(string(plain)), nil
}

// deleteTokens destroys what a connection was signed in with.
func (t *tx) deleteTokens(ctx context.Context, connectionID int64) error {
	for _, q := range []string{
		`DELETE FROM connection_tokens WHERE connection_id = ?`,
		`DELETE FROM connection_refresh_tokens WHERE connection_id = ?`,
		`UPDATE connections SET access_expires = NULL, refresh_expires = NULL WHERE id = ?`,
	} {
		if _, err := t.ExecContext(ctx, q, connectionID); err != nil {
			return fmt.Errorf("destroy sign-in of connection %d: %w", connectionID, err)
		}
	}
	return nil
}

// AppCredentials opens what an admin entered for a platform app; where that is
// nothing, the environment's answer. An empty App: there is none.
func (db *DB) AppCredentials(ctx context.Context, clubID int64, slot string, environment map[string]platforms.App) (platforms.App, error) {
	type field struct {
		key    string
		sealed []byte
	}
	fields, err := queryAll(ctx, db.read, func(scan func(...any) error) (f field, err error) {
		err = scan(&f.key, &f.sealed)
		return f, err
	}, `SELECT key, value FROM app_credentials WHERE club_id = ? AND slot = ?`, clubID, slot)
	if err != nil {
		return nil, fmt.Errorf("read platform app %s: %w", slot, err)
	}
	if len(fields) == 0 {
		return environment[slot], nil
	}
	app := platforms.App{}
	for _, f := range fields {
		plain, err := db.keys.Open(f.sealed, "app_credentials", appRow(clubID, slot), f.key)
		if err != nil {
			return nil, fmt.Errorf("open platform app %s: %w", slot, err)
		}
		app[f.key] = platforms.NewSecret(string(plain))
	}
	return app, nil
}

// SaveAppCredentials seals what an admin entered for a platform app. Fields that
// are empty keep what they were.
func (db *DB) SaveAppCredentials(ctx context.Context, s Scope, slot string, app platforms.App, origin string) error {
	return db.inTx(ctx, func(tx *tx) error {
		for key, value := range app {
			if value.IsZero() {
				continue
			}
			sealed, err := db.keys.Seal([]byte(value.Reveal()), "app_credentials", appRow(s.ClubID, slot), key)
			if err != nil {
				return err
			}
			_, err = tx.ExecContext(ctx, `
				INSERT INTO app_credentials (club_id, slot, key, value, updated_by, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
				ON CONFLICT (club_id, slot, key) DO UPDATE SET value = ?4, updated_by = ?5, updated_at = ?6`,
				s.ClubID, slot, key, sealed, s.PersonID, ms(tx.now))
			if err != nil {
				return fmt.Errorf("save platform app %s: %w", slot, err)
			}
		}
		if err := tx.audit(ctx, s, "app_saved", slot, origin); err != nil {
			return err
		}
		return tx.touch(ctx, s.ClubID)
	})
}

// DeleteAppCredentials destroys what an admin entered for a platform app.
func (db *DB) DeleteAppCredentials(ctx context.Context, s Scope, slot, origin string) error {
	return db.inTx(ctx, func(tx *tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM app_credentials WHERE club_id = ? AND slot = ?`, s.ClubID, slot); err != nil {
			return fmt.Errorf("delete platform app %s: %w", slot, err)
		}
		if err := tx.audit(ctx, s, "app_deleted", slot, origin); err != nil {
			return err
		}
		return tx.touch(ctx, s.ClubID)
	})
}

// AppEntered says when a platform app was entered in the app, and by whom; the
// zero time if it was not.
func (db *DB) AppEntered(ctx context.Context, s Scope, slot string) (at time.Time, by string, err error) {
	err = db.read.QueryRowContext(ctx, `
		SELECT a.updated_at, p.name FROM app_credentials a JOIN people p ON p.id = a.updated_by
		WHERE a.club_id = ? AND a.slot = ? ORDER BY a.updated_at DESC LIMIT 1`, s.ClubID, slot).Scan(into(&at), &by)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return at, by, fmt.Errorf("read platform app %s: %w", slot, err)
	}
	return at, by, nil
}

func appRow(clubID int64, slot string) string { return strconv.FormatInt(clubID, 10) + "/" + slot }
