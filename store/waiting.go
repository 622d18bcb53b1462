package store

import (
	"context"
	"fmt"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// WaitingDelivery is a delivery that Bandstand put aside for people to decide, or of
// which only people can say whether it is public.
type WaitingDelivery struct {
	ID           string
	PostID       int64
	PostVersion  int64
	Excerpt      string
	Phase        club.Phase // one of club.PutAside, Ambiguous, or Reconciling while it is looked for
	Planned      club.Slot
	ConnectionID int64
	Platform     platforms.ID
	Account      string
	Usable       bool

	// Of a post of which nobody knows whether it is public: how often it was looked
	// for, and since when.
	Code         string
	Looks        int
	UnknownSince time.Time
}

// WaitingMax is how many deliveries wait on one page; the others follow when these
// are decided.
const WaitingMax = 500

// Waiting lists what waits for decisions in the scope's club, in the order in
// which it was due: WaitingMax of them at most.
func (db *DB) Waiting(ctx context.Context, s Scope) ([]WaitingDelivery, error) {
	return queryAll(ctx, db.read, func(scan func(...any) error) (w WaitingDelivery, err error) {
		var health club.Health
		var local, zone string
		err = scan(intoID(&w.ID), &w.PostID, &w.PostVersion, &w.Excerpt, &w.Phase, into(&w.Planned.At), &local, &zone,
			&w.ConnectionID, &w.Platform, &w.Account, &health, &w.Code, &w.Looks, into(&w.UnknownSince))
		w.Planned.Local, w.Planned.Zone = local, zone
		w.Usable = health == club.Working || health == club.WorksWithGaps
		return w, err
	}, `
		SELECT d.id, d.post_id, p.version, p.excerpt, d.phase, coalesce(p.planned_at, d.due_at), coalesce(p.planned_local, ''), coalesce(p.planned_zone, ''),
			n.id, n.platform, n.name, n.health, d.code, d.looks, coalesce(d.unknown_since, d.tried_at)
		FROM deliveries d JOIN posts p ON p.id = d.post_id JOIN connections n ON n.id = d.connection_id
		WHERE d.club_id = ?1 AND d.phase IN ('held', 'restored', 'clone', 'clock', 'late', 'reconnect', 'ambiguous', 'reconciling', 'partial')
			AND d.phase <> 'partial' AND (d.phase <> 'reconciling' OR d.code = 'outcome_looking')
			AND p.deleted_at IS NULL AND `+shownToClub+`
		ORDER BY d.due_at, d.post_id, d.connection_id, d.part LIMIT ?`, s.ClubID, WaitingMax)
}

// PlannedTime is when an account has a post.
type PlannedTime struct {
	ConnectionID, PostID int64
	At                   time.Time
}

// PlannedFor lists, from a time on, when these accounts of the scope's club have
// posts: those that are to go out, that went out, or that somebody is drafting for
// that time.
func (db *DB) PlannedFor(ctx context.Context, s Scope, accounts []int64, from time.Time) ([]PlannedTime, error) {
	all, err := queryAll(ctx, db.read, func(scan func(...any) error) (p PlannedTime, err error) {
		err = scan(&p.ConnectionID, &p.PostID, into(&p.At))
		return p, err
	}, `
		SELECT d.connection_id, d.post_id, p.planned_at
		FROM posts p CROSS JOIN deliveries d ON d.post_id = p.id AND d.status <> 'CANCELLED'
		WHERE p.club_id = ?1 AND p.deleted_at IS NULL AND p.planned_at >= ?2 AND d.connection_id IN (SELECT value FROM json_each(?3))
		UNION
		SELECT d.connection_id, d.post_id, d.due_at FROM deliveries d
		WHERE d.connection_id IN (SELECT value FROM json_each(?3)) AND d.status = 'SCHEDULED' AND d.club_id = ?1 AND d.due_at >= ?2`,
		s.ClubID, ms(from), jsonOf(orEmpty(accounts)))
	if err != nil {
		return nil, fmt.Errorf("list times of accounts: %w", err)
	}
	return all, nil
}

// Awaiting is what waits for accounts to work again. Posts are counted, not
// deliveries.
type Awaiting struct {
	Due     int // go out by themselves as soon as they can
	Planned int // go out at their times
	Asking  int // wait for a person's decision
}

// Awaiting counts the posts of the scope's club that are to go out through these
// accounts, or would have.
func (db *DB) Awaiting(ctx context.Context, s Scope, accounts []int64) (Awaiting, error) {
	var a Awaiting
	err := db.read.QueryRowContext(ctx, `
		SELECT count(DISTINCT CASE WHEN d.status = 'SCHEDULED' AND d.due_at <= ?3 THEN d.post_id END),
			count(DISTINCT CASE WHEN d.status = 'SCHEDULED' AND d.due_at > ?3 THEN d.post_id END),
			count(DISTINCT CASE WHEN d.phase IN ('late', 'reconnect') THEN d.post_id END)
		FROM json_each(?2) AS n CROSS JOIN deliveries d JOIN posts p ON p.id = d.post_id
		WHERE d.connection_id = n.value AND d.status IN ('SCHEDULED', 'NEEDS_ATTENTION') AND d.club_id = ?1 AND p.deleted_at IS NULL`,
		s.ClubID, jsonOf(orEmpty(accounts)), ms(db.now())).Scan(&a.Due, &a.Planned, &a.Asking)
	if err != nil {
		return a, fmt.Errorf("count what waits for accounts: %w", err)
	}
	return a, nil
}
