package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// WorkKind names a kind of work that is done for an account besides publishing.
type WorkKind string

// The kinds of work. The key is the id of a delivery for those of a post, and the
// id of the connection for all others.
const (
	WorkLink           WorkKind = "link"            // ask for the id and the address of a post
	WorkNumbers        WorkKind = "numbers"         // read the numbers of a post
	WorkAccountNumbers WorkKind = "account_numbers" // read the numbers of the account
	WorkCheck          WorkKind = "check"           // ask whether the sign-in works
	WorkRenewal        WorkKind = "renewal"         // renew the sign-in before it ends
	WorkDisconnect     WorkKind = "disconnect"      // end a disconnection that was begun; args: Disconnection
)

// aside are the kinds that do not take turns with the posts of their account: what
// they begin must not be broken off.
var aside = []WorkKind{WorkRenewal, WorkDisconnect}

// Work is one item of the work table.
type Work struct {
	Kind         WorkKind
	Key          string
	ClubID       int64
	ConnectionID int64
	NextAt       time.Time
	Failures     int // in a row
	Args         json.RawMessage
}

const workColumns = `w.kind, w.key, w.club_id, w.connection_id, w.next_at, w.failures, w.args`

func (w *Work) fields() []any {
	return []any{&w.Kind, &w.Key, &w.ClubID, &w.ConnectionID, into(&w.NextAt), &w.Failures, intoJSON(&w.Args)}
}

// mayWork says whether an item that is due may be worked on: its account can be
// used, does not rest (rule P13), and has no post to send soon. Paused accounts
// are checked, for the platform may have changed its mind; what must not be
// broken off takes no turns. Parameters: ?1 now, ?2 the end of the time in which
// no post may be due, ?3 the kinds of work, ?4 those that stand aside.
const mayWork = `w.next_at <= ?1 AND w.kind IN (SELECT value FROM json_each(?3)) AND CASE
	WHEN w.kind = 'disconnect' THEN c.health <> 'disconnected'
	WHEN w.kind IN (SELECT value FROM json_each(?4)) THEN c.health IN ('working', 'gaps')
	WHEN c.blocked_until > ?1 THEN 0
	WHEN c.health = 'paused' THEN w.kind = 'check'
	ELSE c.health IN ('working', 'gaps') AND NOT EXISTS (SELECT 1 FROM deliveries q WHERE q.connection_id = c.id AND q.next_at <= ?2)
	END`

// WorkDue is an account that has something to do.
type WorkDue struct {
	ConnectionID int64
	Platform     platforms.ID
	Aside        bool // of the kinds that do not take turns with its posts
}

// WorkDue lists the accounts of all clubs that have something of these kinds to
// do, longest due first; one that also has a kind that stands aside is there
// twice. An account that has a post to send until quiet has nothing to do.
func (db *DB) WorkDue(ctx context.Context, now, quiet time.Time, kinds []WorkKind) ([]WorkDue, error) {
	due, err := queryAll(ctx, db.read, func(scan func(...any) error) (d WorkDue, err error) {
		err = scan(&d.ConnectionID, &d.Platform, &d.Aside)
		return d, err
	}, `
		SELECT c.id, c.platform, w.kind IN (SELECT value FROM json_each(?4)) AS aside
		FROM work w CROSS JOIN connections c ON c.id = w.connection_id
		WHERE `+mayWork+`
		GROUP BY c.id, aside ORDER BY min(w.next_at), c.id`, ms(now), ms(quiet), jsonOf(kinds), jsonOf(aside))
	if err != nil {
		return nil, fmt.Errorf("find work that is due: %w", err)
	}
	return due, nil
}

// DueWork lists what one of these accounts has to do, longest due first, and the
// account as it is now.
func (db *DB) DueWork(ctx context.Context, d WorkDue, now, quiet time.Time, kinds []WorkKind, limit int) (items []Work, conn Connection, err error) {
	items, err = queryAll(ctx, db.read, func(scan func(...any) error) (w Work, err error) {
		err = scan(append(w.fields(), conn.fields()...)...)
		return w, err
	}, `
		SELECT `+workColumns+`, `+connectionColumns+`
		FROM work w CROSS JOIN connections c ON c.id = w.connection_id
		WHERE w.connection_id = ?5 AND (w.kind IN (SELECT value FROM json_each(?4))) = ?6 AND `+mayWork+`
		ORDER BY w.next_at, w.kind, w.key LIMIT ?7`,
		ms(now), ms(quiet), jsonOf(kinds), jsonOf(aside), d.ConnectionID, d.Aside, limit)
	if err != nil {
		return nil, conn, fmt.Errorf("read work of connection %d: %w", d.ConnectionID, err)
	}
	return items, conn, nil
}

// WorkEnd is what becomes of an item that was worked on.
type WorkEnd struct {
	Work   Work
	Next   time.Time // zero: there is nothing more to do
	Failed bool      // adds to the failures in a row; otherwise they are forgotten
}

// EndWork keeps what becomes of items. One that was planned anew while it was
// worked on stays as it was planned.
func (db *DB) EndWork(ctx context.Context, ends ...WorkEnd) error {
	return db.inTx(ctx, func(tx *tx) error {
		for _, e := range ends {
			if err := tx.endWork(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *tx) endWork(ctx context.Context, e WorkEnd) error {
	w := e.Work
	var err error
	if e.Next.IsZero() {
		_, err = t.ExecContext(ctx, `DELETE FROM work WHERE kind = ? AND key = ? AND next_at = ?`, w.Kind, w.Key, ms(w.NextAt))
	} else {
		_, err = t.ExecContext(ctx, `UPDATE work SET next_at = ?, failures = iif(?, failures + 1, 0) WHERE kind = ? AND key = ? AND next_at = ?`,
			ms(e.Next), e.Failed, w.Kind, w.Key, ms(w.NextAt))
	}
	if err != nil {
		return fmt.Errorf("keep what becomes of %s %s: %w", w.Kind, w.Key, err)
	}
	return nil
}

// RestWork puts off all work of these kinds for an account. It brings nothing
// forward.
func (db *DB) RestWork(ctx context.Context, connectionID int64, kinds []WorkKind, until time.Time) error {
	return db.inTx(ctx, func(tx *tx) error {
		_, err := tx.ExecContext(ctx, `
			UPDATE work SET next_at = ?1 WHERE connection_id = ?2 AND next_at < ?1 AND kind IN (SELECT value FROM json_each(?3))`,
			ms(until), connectionID, jsonOf(kinds))
		if err != nil {
			return fmt.Errorf("put off work of connection %d: %w", connectionID, err)
		}
		return nil
	})
}

const insertWork = `INSERT INTO work (kind, key, club_id, connection_id, next_at, args) VALUES (?, ?, ?, ?, ?, ?) `

// addWork makes an item, if there is none like it.
func (t *tx) addWork(ctx context.Context, w Work) error {
	return t.insertWork(ctx, w, insertWork+`ON CONFLICT DO NOTHING`)
}

// planWork makes an item, or plans the one that is there.
func (t *tx) planWork(ctx context.Context, w Work) error {
	return t.insertWork(ctx, w, insertWork+`ON CONFLICT (kind, key) DO UPDATE SET next_at = excluded.next_at, failures = 0, args = excluded.args`)
}

func (t *tx) insertWork(ctx context.Context, w Work, query string) error {
	if w.Args == nil {
		w.Args = json.RawMessage(`{}`)
	}
	_, err := t.ExecContext(ctx, query, w.Kind, w.Key, w.ClubID, w.ConnectionID, ms(w.NextAt), jsonOf(w.Args))
	if err != nil {
		return fmt.Errorf("plan %s %s: %w", w.Kind, w.Key, err)
	}
	return nil
}

// dropWork takes an item back.
func (t *tx) dropWork(ctx context.Context, kind WorkKind, key string) error {
	if _, err := t.ExecContext(ctx, `DELETE FROM work WHERE kind = ? AND key = ?`, kind, key); err != nil {
		return fmt.Errorf("take %s %s back: %w", kind, key, err)
	}
	return nil
}

// ofConnection is an item about a connection as such.
func ofConnection(kind WorkKind, clubID, id int64, at time.Time) Work {
	return Work{Kind: kind, Key: connectionKey(id), ClubID: clubID, ConnectionID: id, NextAt: at}
}

// ofDelivery is an item about a published delivery.
func ofDelivery(kind WorkKind, d Delivery, at time.Time) Work {
	return Work{Kind: kind, Key: d.ID, ClubID: d.ClubID, ConnectionID: d.ConnectionID, NextAt: at}
}

func connectionKey(id int64) string { return strconv.FormatInt(id, 10) }

// Disconnection says who began to disconnect an account, and from where.
type Disconnection struct {
	PersonID int64  `json:"person"`
	Origin   string `json:"origin"`
}

// BeginDisconnect keeps that a connection of the scope's club is about to be
// disconnected: if that is not ended by a time, for the program was killed, work
// ends it. club.ErrNotFound: there is no such connection.
func (db *DB) BeginDisconnect(ctx context.Context, s Scope, id int64, origin string, endAt time.Time) error {
	args, err := json.Marshal(Disconnection{s.PersonID, origin})
	if err != nil {
		return fmt.Errorf("begin to disconnect connection %d: %w", id, err)
	}
	return db.inTx(ctx, func(tx *tx) error {
		c, err := queryOne(ctx, tx, scanConnection, `SELECT `+connectionColumns+` FROM connections c WHERE c.id = ? AND c.club_id = ?`, id, s.ClubID)
		if err != nil || c.Health == club.Disconnected {
			return err
		}
		w := ofConnection(WorkDisconnect, s.ClubID, id, endAt)
		w.Args = args
		return tx.planWork(ctx, w)
	})
}

// startWork plans what is done again and again for an account that has just been
// signed in.
func (t *tx) startWork(ctx context.Context, c Connection) error {
	if err := t.dropWork(ctx, WorkDisconnect, connectionKey(c.ID)); err != nil {
		return err // whoever signs in does not want it any more
	}
	if err := t.planWork(ctx, ofConnection(WorkCheck, c.ClubID, c.ID, t.now.Add(club.CheckAccountsEvery))); err != nil {
		return err
	}
	if c.NumbersPace == club.PaceAsked {
		return nil
	}
	return t.addWork(ctx, ofConnection(WorkAccountNumbers, c.ClubID, c.ID, t.now))
}

// checkNext plans the next check of a connection of which it has just become
// known how it is.
func (t *tx) checkNext(ctx context.Context, id int64) error {
	_, err := t.ExecContext(ctx, `UPDATE work SET next_at = ?, failures = 0 WHERE kind = 'check' AND key = ?`,
		ms(t.now.Add(club.CheckAccountsEvery)), connectionKey(id))
	if err != nil {
		return fmt.Errorf("plan check of connection %d: %w", id, err)
	}
	return nil
}

// stopWork takes back what was planned for an account as such. What is due for its
// posts waits until it is signed in again.
func (t *tx) stopWork(ctx context.Context, id int64) error {
	for _, kind := range []WorkKind{WorkCheck, WorkAccountNumbers, WorkRenewal, WorkDisconnect} {
		if err := t.dropWork(ctx, kind, connectionKey(id)); err != nil {
			return err
		}
	}
	return nil
}
