package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// Connection is one account of a club on one platform, without its tokens.
type Connection struct {
	ID             int64
	ClubID         int64
	Practice       bool
	Account        platforms.Account // Tokens hold the expiries alone
	Health         club.Health
	HealthCode     string // message for people: platforms.Code…
	ConnectedBy    int64
	ConnectedAt    time.Time
	CheckedAt      time.Time
	BlockedUntil   time.Time // no call before this (rule P13)
	LastSentAt     time.Time // last irreversible call (rule P14)
	Version        int64
	AccessExpires  time.Time
	RefreshExpires time.Time
	SendsAgain     bool // a post that cannot be found may be tried once more; people can say no
	NumbersPace    club.Pace
}

// Usable tells whether the engine may call the platform for it.
func (c Connection) Usable() bool {
	return c.Health == club.Working || c.Health == club.WorksWithGaps
}

const connectionColumns = `c.id, c.club_id, c.practice, c.platform, c.remote_id, c.name, c.handle, c.host, c.kind,
	c.granted, c.missing, c.health, c.health_code, c.connected_by, c.connected_at, c.checked_at,
	c.blocked_until, c.last_sent_at, c.version, c.access_expires, c.refresh_expires, c.sign_in, c.asks_again, c.asks_when_unsure = 0, c.numbers_pace,
	c.server, c.facts`

// fields are the places to scan connectionColumns into.
func (c *Connection) fields() []any {
	return []any{
		&c.ID, &c.ClubID, &c.Practice, &c.Account.Platform, &c.Account.RemoteID, &c.Account.Name, &c.Account.Handle,
		&c.Account.Host, &c.Account.Kind, intoJSON(&c.Account.Granted), intoJSON(&c.Account.Missing),
		&c.Health, &c.HealthCode, &c.ConnectedBy, into(&c.ConnectedAt), into(&c.CheckedAt),
		intoOrNever(&c.BlockedUntil), intoOrNever(&c.LastSentAt), &c.Version, into(&c.AccessExpires), into(&c.RefreshExpires),
		&c.Account.SignIn, into(&c.Account.AsksAgain), &c.SendsAgain, &c.NumbersPace,
		&c.Account.Server, (*[]byte)(&c.Account.Facts),
	}
}

func scanConnection(scan func(...any) error) (Connection, error) {
	var c Connection
	err := scan(c.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return c, club.ErrNotFound
	}
	return c, err
}

// factsOf is what is stored of an account's facts: NULL if nothing is known.
func factsOf(a platforms.Account) any {
	if len(a.Facts) == 0 {
		return nil
	}
	return string(a.Facts)
}

// inRecord is how the record names an account; accountInRecord is the same in SQL.
func inRecord(a platforms.Account) string {
	name := string(a.Platform) + " " + a.RemoteID
	if a.Server != "" {
		name += "@" + a.Server
	}
	return name
}

const accountInRecord = `platform || ' ' || remote_id || iif(server = '', '', '@' || server)`

// Connection reads one connection of the scope's club.
func (db *DB) Connection(ctx context.Context, s Scope, id int64) (Connection, error) {
	return queryOne(ctx, db.read, scanConnection,
		`SELECT `+connectionColumns+` FROM connections c WHERE c.id = ? AND c.club_id = ?`, id, s.ClubID)
}

// Connections lists the connections of the scope's club in the order they were
// made, disconnected ones too.
func (db *DB) Connections(ctx context.Context, s Scope) ([]Connection, error) {
	return queryAll(ctx, db.read, scanConnection,
		`SELECT `+connectionColumns+` FROM connections c WHERE c.club_id = ? ORDER BY c.id LIMIT 1000`, s.ClubID)
}

// OneConnectionEach is one connection of any club for each server of a real
// platform.
func (db *DB) OneConnectionEach(ctx context.Context) ([]Connection, error) {
	return queryAll(ctx, db.read, scanConnection, `
		SELECT `+connectionColumns+` FROM connections c
		WHERE c.id IN (SELECT min(id) FROM connections WHERE practice = 0 AND health IN ('working', 'gaps') GROUP BY platform, host)
		ORDER BY c.id LIMIT 20`)
}

// PlannedRenewal is what decides when a sign-in is renewed without a call.
type PlannedRenewal struct {
	Version   int64     // of the access token
	IssuedAt  time.Time // of the access token
	Expires   time.Time // of the access token; zero: no known end
	NotBefore time.Time // the last renewal failed, and the next try is not before
	Last      bool      // what it is renewed with ends no later: renewing gains nothing
}

// PlannedRenewal reads that of a connection of any club. club.ErrNotFound: there
// is nothing to renew, or nothing to renew it with.
func (db *DB) PlannedRenewal(ctx context.Context, connectionID int64) (PlannedRenewal, error) {
	var r PlannedRenewal
	err := db.read.QueryRowContext(ctx, `
		SELECT t.version, t.issued_at, c.access_expires, r.next_at, coalesce(c.access_expires >= c.refresh_expires, 0)
		FROM connections c
		JOIN connection_tokens t ON t.connection_id = c.id
		JOIN connection_refresh_tokens r ON r.connection_id = c.id
		WHERE c.id = ?`, connectionID).Scan(&r.Version, into(&r.IssuedAt), into(&r.Expires), intoOrNever(&r.NotBefore), &r.Last)
	if errors.Is(err, sql.ErrNoRows) {
		return r, club.ErrNotFound
	}
	if err != nil {
		return r, fmt.Errorf("read when connection %d is renewed: %w", connectionID, err)
	}
	return r, nil
}

// ConnectionCheck is one look at whether a sign-in works.
type ConnectionCheck struct {
	At     time.Time
	Health club.Health
	Code   string
}

// ConnectionChecks lists the newest looks, newest first.
func (db *DB) ConnectionChecks(ctx context.Context, s Scope, id int64, limit int) ([]ConnectionCheck, error) {
	return queryAll(ctx, db.read, func(scan func(...any) error) (ConnectionCheck, error) {
		var c ConnectionCheck
		err := scan(into(&c.At), &c.Health, &c.Code)
		return c, err
	}, `
		SELECT k.at, k.health, k.code FROM connection_checks k JOIN connections c ON c.id = k.connection_id
		WHERE k.connection_id = ? AND c.club_id = ? ORDER BY k.at DESC, k.id DESC LIMIT ?`, id, s.ClubID, limit)
}

// SaveCheck keeps what a look at an account found. Its identity never changes;
// a disconnected connection stays so.
func (db *DB) SaveCheck(ctx context.Context, id int64, a platforms.Account, health club.Health, code string) error {
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE connections SET name = ?1, handle = ?2, kind = ?3, granted = ?4, missing = ?5, checked_at = ?6,
			  sign_in = iif(?7 = '', sign_in, ?7), asks_again = ?8, facts = coalesce(?11, facts)
			WHERE id = ?9 AND remote_id = ?10 AND server = ?12`,
			a.Name, a.Handle, a.Kind, jsonOf(orEmpty(a.Granted)), jsonOf(orEmpty(a.Missing)), ms(tx.now), a.SignIn, ms(a.AsksAgain), id, a.RemoteID,
			factsOf(a), a.Server)
		if err != nil {
			return fmt.Errorf("save check of connection %d: %w", id, err)
		}
		return tx.setHealth(ctx, id, health, code)
	})
}

// SetHealth says how a connection is. When it begins to need reconnecting, the
// club's admins and whoever connected it are told, once.
func (db *DB) SetHealth(ctx context.Context, id int64, health club.Health, code string) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.setHealth(ctx, id, health, code) })
}

// SetUsableHealth is SetHealth for what a call found that began while the
// connection could be used. If it cannot be used any more, nothing changes: the
// call did not show that it works.
func (db *DB) SetUsableHealth(ctx context.Context, id int64, health club.Health, code string) error {
	return db.inTx(ctx, func(tx *tx) error {
		c, err := queryOne(ctx, tx, scanConnection, `SELECT `+connectionColumns+` FROM connections c WHERE c.id = ?`, id)
		if err != nil {
			return fmt.Errorf("set health of connection %d: %w", id, err)
		}
		if !c.Usable() {
			return nil
		}
		return tx.setHealth(ctx, id, health, code)
	})
}

func (t *tx) setHealth(ctx context.Context, id int64, health club.Health, code string) error {
	c, err := queryOne(ctx, t, scanConnection, `SELECT `+connectionColumns+` FROM connections c WHERE c.id = ?`, id)
	if err != nil {
		return fmt.Errorf("set health of connection %d: %w", id, err)
	}
	if c.Health == club.Disconnected {
		return nil
	}
	_, err = t.ExecContext(ctx, `UPDATE connections SET health = ?, health_code = ?, checked_at = ?, version = version + 1 WHERE id = ?`,
		health, code, ms(t.now), id)
	if err != nil {
		return fmt.Errorf("set health of connection %d: %w", id, err)
	}
	_, err = t.ExecContext(ctx, `INSERT INTO connection_checks (connection_id, at, health, code) VALUES (?, ?, ?, ?)`,
		id, ms(t.now), health, code)
	if err != nil {
		return fmt.Errorf("record check of connection %d: %w", id, err)
	}
	if err := t.checkNext(ctx, id); err != nil {
		return err
	}
	if health == club.NeedsReconnect && c.Health != club.NeedsReconnect {
		err := t.notify(ctx, notice{
			clubID: c.ClubID, author: c.ConnectedBy, kind: club.NoticeReconnect, connectionID: id,
			key:  fmt.Sprintf("%s:%d:%d", club.NoticeReconnect, id, c.Version),
			args: map[string]string{"code": code},
		})
		if err != nil {
			return err
		}
	}
	return t.touch(ctx, c.ClubID)
}

// MarkRevoked marks a connection as needing a person, because its access token
// of this version can neither be used nor renewed. It tells whether it did: not
// if somebody signed in, or disconnected it, meanwhile.
func (db *DB) MarkRevoked(ctx context.Context, id, version int64, code string) (marked bool, err error) {
	err = db.inTx(ctx, func(tx *tx) error {
		marked, err = tx.markRevoked(ctx, id, version, code)
		return err
	})
	return marked, err
}

func (t *tx) markRevoked(ctx context.Context, id, version int64, code string) (bool, error) {
	var have int64
	err := t.QueryRowContext(ctx, `SELECT version FROM connection_tokens WHERE connection_id = ?`, id).Scan(&have)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return false, fmt.Errorf("read sign-in of connection %d: %w", id, err)
	}
	if have != version {
		return false, nil
	}
	return true, t.setHealth(ctx, id, club.NeedsReconnect, code)
}

// block lets a connection rest until a time; it never shortens a rest.
func (t *tx) block(ctx context.Context, id int64, until time.Time) error {
	_, err := t.ExecContext(ctx, `UPDATE connections SET blocked_until = max(blocked_until, ?) WHERE id = ?`, ms(until), id)
	if err != nil {
		return fmt.Errorf("block connection %d: %w", id, err)
	}
	return nil
}

// Block lets a connection rest until a time (rule P13).
func (db *DB) Block(ctx context.Context, id int64, until time.Time) error {
	return db.inTx(ctx, func(tx *tx) error { return tx.block(ctx, id, until) })
}

// orEmpty keeps a list from being written as null.
func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
