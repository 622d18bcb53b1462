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

// Delivery is one part of a post for one connection.
type Delivery struct {
	club.Delivery
	ID           string // 32 hex digits
	ClubID       int64
	PostID       int64
	ConnectionID int64
	Version      int64
	Key          string // of its generation: club.Key
	ContentHash  []byte // of the revision it was scheduled with
	Body         []byte // platforms.Publication as JSON, while Frozen; read by Due alone
}

const deliveryColumns = `d.id, d.club_id, d.post_id, d.connection_id, d.part, d.version, d.idem_key, d.content_hash,
	d.status, d.phase, d.code, d.args, d.due_at, d.late_after, d.next_at, d.started_at, d.generation, d.body IS NOT NULL, d.look_first,
	d.remote_id, d.remote_url, d.remote_version, d.published_at, d.tried_at, d.unknowns, d.has_left, d.tries_transient, d.tries_since,
	d.tries_ambiguous, d.rate_waits, d.renewals, d.remakes, d.waits, d.waits_since, d.unknown_since, d.seen, d.looks, d.looks_since, d.sent_again`

// fields are the places to scan deliveryColumns into.
func (d *Delivery) fields() []any {
	return []any{
		intoID(&d.ID), &d.ClubID, &d.PostID, &d.ConnectionID, &d.Part, &d.Version, &d.Key, &d.ContentHash,
		&d.Status, &d.Phase, &d.Code, intoJSON(&d.Args), into(&d.DueAt), into(&d.LateAfter), into(&d.NextAt), into(&d.StartedAt), &d.Generation, &d.Frozen, &d.LookFirst,
		intoText(&d.RemoteID), &d.RemoteURL, &d.RemoteVersion, into(&d.PublishedAt), into(&d.TriedAt), &d.Unknowns, &d.Left, &d.TriesTransient, into(&d.TriesSince),
		&d.TriesAmbiguous, &d.RateWaits, &d.Renewals, &d.Remakes, &d.Waits, into(&d.WaitsSince), into(&d.UnknownSince), &d.Seen, &d.Looks, into(&d.LooksSince), &d.SentAgain,
	}
}

func scanDelivery(scan func(...any) error) (Delivery, error) {
	var d Delivery
	err := scan(d.fields()...)
	if errors.Is(err, sql.ErrNoRows) {
		return d, club.ErrNotFound
	}
	return d, err
}

// Deliveries lists the deliveries of a post of the scope's club, cancelled ones
// too, in the order of its connections and of their parts.
func (db *DB) Deliveries(ctx context.Context, s Scope, postID int64) ([]Delivery, error) {
	return queryAll(ctx, db.read, scanDelivery, `
		SELECT `+deliveryColumns+` FROM deliveries d
		WHERE d.post_id = ? AND d.club_id = ? ORDER BY d.connection_id, d.part LIMIT 1000`, postID, s.ClubID)
}

// Delivery reads one delivery of the scope's club.
func (db *DB) Delivery(ctx context.Context, s Scope, id string) (Delivery, error) {
	return delivery(ctx, db.read, s, id)
}

func delivery(ctx context.Context, q querier, s Scope, id string) (Delivery, error) {
	return queryOne(ctx, q, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries d WHERE d.id = ? AND d.club_id = ?`, blob(id), s.ClubID)
}

// Due lists deliveries of all clubs that the engine should look at: the one
// due first of each connection, but none of the connections in busy, and not the
// deliveries in resting. They come with their bodies.
func (db *DB) Due(ctx context.Context, now time.Time, busy []int64, resting []string, limit int) ([]Delivery, error) {
	due, err := queryAll(ctx, db.read, func(scan func(...any) error) (Delivery, error) {
		var d Delivery
		err := scan(append(d.fields(), &d.Body)...)
		return d, err
	}, `
		WITH due AS MATERIALIZED (
			SELECT id, next_at, row_number() OVER (PARTITION BY connection_id ORDER BY due_at, id) AS place
			FROM deliveries
			WHERE next_at <= ? AND connection_id NOT IN (SELECT value FROM json_each(?))
				AND id NOT IN (SELECT unhex(value) FROM json_each(?))
		)
		SELECT `+deliveryColumns+`, d.body
		FROM due CROSS JOIN deliveries d ON d.id = due.id
		WHERE due.place = 1 ORDER BY due.next_at LIMIT ?`, ms(now), jsonOf(orEmpty(busy)), jsonOf(orEmpty(resting)), limit)
	if err != nil {
		return nil, fmt.Errorf("find what is due: %w", err)
	}
	return due, nil
}

// NextDue is when, after a time, the engine has something to look at; zero if
// there is nothing.
func (db *DB) NextDue(ctx context.Context, after time.Time) (time.Time, error) {
	var next time.Time
	err := db.read.QueryRowContext(ctx, `SELECT min(next_at) FROM deliveries WHERE next_at > ?`, ms(after)).Scan(into(&next))
	if err != nil {
		return next, fmt.Errorf("find what is due next: %w", err)
	}
	return next, nil
}

// DueBefore reports whether the engine has something to send, or to look for, for
// a connection before a time. A connection that cannot be used has not.
func (db *DB) DueBefore(ctx context.Context, connectionID int64, before time.Time) (due bool, err error) {
	err = db.read.QueryRowContext(ctx, `
		SELECT EXISTS (
			SELECT 1 FROM deliveries d JOIN connections c ON c.id = d.connection_id
			WHERE d.connection_id = ? AND d.next_at <= ? AND c.health IN ('working', 'gaps'))`, connectionID, ms(before)).Scan(&due)
	if err != nil {
		return false, fmt.Errorf("find whether connection %d has something to send: %w", connectionID, err)
	}
	return due, nil
}

// Standing is how things are around a delivery at this moment.
type Standing struct {
	Connection Connection
	Changed    bool // the live text is not the one that was scheduled (rule P16)
	Hold       Hold // that holds it back; zero if none
}

// Standing reads how things are around a delivery.
func (db *DB) Standing(ctx context.Context, d Delivery) (Standing, error) {
	var s Standing
	err := db.read.QueryRowContext(ctx, `
		SELECT `+connectionColumns+`, d.content_hash IS NOT r.hash
		FROM deliveries d JOIN connections c ON c.id = d.connection_id
		LEFT JOIN revisions r ON r.post_id = d.post_id AND r.state = 'live'
		WHERE d.id = ?`, blob(d.ID)).Scan(append(s.Connection.fields(), &s.Changed)...)
	if err == nil {
		s.Hold, err = activeHold(ctx, db.read, d.ClubID, db.now())
	}
	if err != nil {
		return s, fmt.Errorf("read what surrounds delivery %s: %w", d.ID, err)
	}
	return s, nil
}

// Follows names what a part follows: where its thread begins, and the part before it.
// Both are public (row 40).
func (db *DB) Follows(ctx context.Context, d Delivery) (root, parent platforms.Ref, err error) {
	type row struct {
		part int
		platforms.Ref
	}
	before, err := queryAll(ctx, db.read, func(scan func(...any) error) (r row, err error) {
		err = scan(&r.part, &r.ID, &r.Version)
		return r, err
	}, `
		SELECT part, remote_id, remote_version FROM deliveries
		WHERE post_id = ? AND connection_id = ? AND part IN (0, ?) AND phase = 'linked' ORDER BY part`, d.PostID, d.ConnectionID, d.Part-1)
	if err != nil {
		return root, parent, fmt.Errorf("read what delivery %s follows: %w", d.ID, err)
	}
	if len(before) == 0 || before[0].part != 0 || before[len(before)-1].part != d.Part-1 {
		return root, parent, fmt.Errorf("delivery %s follows nothing that is public", d.ID)
	}
	return before[0].Ref, before[len(before)-1].Ref, nil
}

// LiveContents reads what posts of a club say, by post. Those that are not there
// are left out.
func (db *DB) LiveContents(ctx context.Context, clubID int64, posts []int64) (map[int64]club.Content, error) {
	type row struct {
		post    int64
		content club.Content
	}
	found, err := queryAll(ctx, db.read, func(scan func(...any) error) (r row, err error) {
		err = scan(&r.post, intoJSON(&r.content))
		return r, err
	}, `
		SELECT p.id, r.content FROM json_each(?) w
		CROSS JOIN posts p ON p.id = w.value JOIN revisions r ON r.post_id = p.id AND r.state = 'live'
		WHERE p.club_id = ?`, jsonOf(orEmpty(posts)), clubID)
	if err != nil {
		return nil, fmt.Errorf("read what posts say: %w", err)
	}
	out := make(map[int64]club.Content, len(found))
	for _, r := range found {
		out[r.post] = r.content
	}
	return out, nil
}

// intoText reads text that may be NULL.
func intoText(s *string) *orText { return &orText{s} }

type orText struct{ s *string }

// Scan implements sql.Scanner.
func (o *orText) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*o.s = ""
	case string:
		*o.s = v
	default:
		return fmt.Errorf("text is stored as %T", src)
	}
	return nil
}
