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

// Attempt is one call to a platform for a delivery.
type Attempt struct {
	ID           string
	Generation   int
	Kind         string // of the step, or AttemptLook
	Index        int
	Irreversible bool
	Boot         string // the process that made it
	StartedAt    time.Time
	DeadlineAt   time.Time
	FinishedAt   time.Time    // zero: not known to have ended
	Outcome      club.Outcome // empty: open
	Proof        string
	HTTPStatus   int
	PlatformCode string
	PlatformText string
	TraceID      string
}

const (
	// AttemptLook is the Kind of a look whether a post is public.
	AttemptLook = "settle"
	// AttemptRecalled is the Kind of a call that only the journal knew of.
	AttemptRecalled = "recalled"
)

// Blame copies what support needs from a platform's refusal.
func (a *Attempt) Blame(e *platforms.Error) {
	if e != nil {
		a.HTTPStatus, a.PlatformCode, a.PlatformText, a.TraceID = e.Status, e.PlatformCode, e.PlatformText, e.TraceID
	}
}

// Attempts lists the calls of each delivery of a post of the scope's club,
// oldest first.
func (db *DB) Attempts(ctx context.Context, s Scope, postID int64) (map[string][]Attempt, error) {
	byDelivery := map[string][]Attempt{}
	_, err := queryAll(ctx, db.read, func(scan func(...any) error) (struct{}, error) {
		var delivery string
		var a Attempt
		var status sql.NullInt64
		err := scan(intoID(&delivery), intoID(&a.ID), &a.Generation, &a.Kind, &a.Index, &a.Irreversible, &a.Boot, into(&a.StartedAt), into(&a.DeadlineAt),
			into(&a.FinishedAt), intoText((*string)(&a.Outcome)), &a.Proof, &status, &a.PlatformCode, &a.PlatformText, &a.TraceID)
		a.HTTPStatus = int(status.Int64)
		byDelivery[delivery] = append(byDelivery[delivery], a)
		return struct{}{}, err
	}, `
		SELECT a.delivery_id, a.id, a.generation, a.kind, a.idx, a.irreversible, a.boot, a.started_at, a.deadline_at,
			a.finished_at, a.outcome, a.proof, a.http_status, a.platform_code, a.platform_text, a.trace_id
		FROM publish_attempts a JOIN deliveries d ON d.id = a.delivery_id
		WHERE d.post_id = ? AND d.club_id = ? ORDER BY a.started_at, a.id LIMIT 1000`, postID, s.ClubID)
	return byDelivery, err
}

func (t *tx) addAttempt(ctx context.Context, d Delivery, a Attempt) error {
	_, err := t.ExecContext(ctx, `
		INSERT INTO publish_attempts (id, delivery_id, generation, kind, idx, irreversible, boot, started_at, deadline_at,
			finished_at, outcome, proof, http_status, platform_code, platform_text, trace_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		blob(a.ID), blob(d.ID), d.Generation, a.Kind, a.Index, a.Irreversible, a.Boot, ms(a.StartedAt), ms(a.DeadlineAt),
		ms(a.FinishedAt), orNullText(string(a.Outcome)), a.Proof, orNull(int64(a.HTTPStatus)), a.PlatformCode, a.PlatformText, a.TraceID)
	if err != nil {
		return fmt.Errorf("add attempt: %w", err)
	}
	return nil
}

func (t *tx) endAttempt(ctx context.Context, id string, ch club.Change, a *Attempt) error {
	if a == nil {
		a = &Attempt{}
	}
	res, err := t.ExecContext(ctx, `
		UPDATE publish_attempts SET finished_at = ?, outcome = ?, proof = ?, http_status = ?, platform_code = ?, platform_text = ?, trace_id = ?
		WHERE id = ? AND outcome IS NULL`,
		ms(t.now), ch.Closes, ch.Proof, orNull(int64(a.HTTPStatus)), a.PlatformCode, a.PlatformText, a.TraceID, blob(id))
	if err != nil {
		return fmt.Errorf("end attempt: %w", err)
	}
	if n, err := res.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, ErrMoved)
	}
	return nil
}

// OpenAttempt finds the irreversible attempt of a delivery whose outcome is not
// known; empty if there is none.
func (db *DB) OpenAttempt(ctx context.Context, deliveryID string) (string, error) {
	return openAttempt(ctx, db.read, deliveryID)
}

// LastSent is the latest irreversible call of a delivery, with its generation
// alone; without an ID if there was none.
func (db *DB) LastSent(ctx context.Context, deliveryID string) (Attempt, error) {
	var a Attempt
	err := db.read.QueryRowContext(ctx, `
		SELECT id, generation FROM publish_attempts WHERE delivery_id = ? AND irreversible = 1
		ORDER BY started_at DESC, id LIMIT 1`, blob(deliveryID)).
		Scan(intoID(&a.ID), &a.Generation)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return Attempt{}, fmt.Errorf("find the last call of delivery %s: %w", deliveryID, err)
	}
	return a, nil
}

func openAttempt(ctx context.Context, q querier, deliveryID string) (string, error) {
	var id string
	err := q.QueryRowContext(ctx, `SELECT id FROM publish_attempts WHERE delivery_id = ? AND irreversible = 1 AND outcome IS NULL`, blob(deliveryID)).
		Scan(intoID(&id))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return "", fmt.Errorf("find open attempt: %w", err)
	}
	return id, nil
}

// Steps lists what a generation of a delivery has behind it at the platform, in
// order, without what was given up.
func (db *DB) Steps(ctx context.Context, deliveryID string, generation int) ([]platforms.StepResult, error) {
	return queryAll(ctx, db.read, func(scan func(...any) error) (platforms.StepResult, error) {
		var r platforms.StepResult
		err := scan(&r.Kind, &r.Index, &r.Ref, &r.State, into(&r.ExpiresAt))
		return r, err
	}, `
		SELECT kind, idx, ref, state, expires_at FROM publish_steps
		WHERE delivery_id = ? AND generation = ? AND void = 0 ORDER BY seq`, blob(deliveryID), generation)
}

func (t *tx) addStep(ctx context.Context, deliveryID string, generation int, r platforms.StepResult) error {
	_, err := t.ExecContext(ctx, `
		INSERT INTO publish_steps (delivery_id, generation, seq, kind, idx, ref, state, expires_at, at)
		SELECT ?1, ?2, coalesce(max(seq), 0) + 1, ?3, ?4, ?5, ?6, ?7, ?8 FROM publish_steps WHERE delivery_id = ?1 AND generation = ?2`,
		blob(deliveryID), generation, r.Kind, r.Index, r.Ref, r.State, ms(r.ExpiresAt), ms(t.now))
	if err != nil {
		return fmt.Errorf("add step: %w", err)
	}
	return nil
}

func orNullText(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
