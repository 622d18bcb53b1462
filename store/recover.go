package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/failpoint"
)

// recallMax is how many calls the database is asked for at once.
const recallMax = 500

// Recovered says what Recover found.
type Recovered struct {
	Open    int // calls whose outcome is not known
	Settled int // deliveries whose outcome the journal kept
	Lost    int // deliveries with calls in a time of which this database knows nothing
	Strange int // calls for deliveries that this database does not have
	// Forgotten is the last call that a platform answered, if the journal does not
	// know it: the journal was lost, or is an older one.
	Forgotten club.Witness
	Refused   int // deliveries for which the database does not take what became of them
}

// Recover brings the database up to what the journal knows, and makes open
// attempts of other processes unknown (rule P3). It runs before the engine
// starts. A database that lacks a call of one of its deliveries is an old copy:
// then everything is held until an admin has looked (row 38).
func (db *DB) Recover(ctx context.Context, boot string, journal []club.Witness) (Recovered, error) {
	var r Recovered
	if err := failpoint.Hit("recovery.before"); err != nil {
		return r, err
	}
	lost, err := db.lostCalls(ctx, journal, &r)
	if err != nil {
		return r, err
	}
	kept, err := db.keptAnswers(ctx, journal)
	if err != nil {
		return r, err
	}
	if r.Forgotten, err = db.forgotten(ctx, journal); err != nil {
		return r, err
	}
	err = db.inTx(ctx, func(tx *tx) error {
		for _, ws := range lost {
			recall := func() error { return tx.recall(ctx, ws, &r) }
			doubt := func() error { return tx.doubt(ctx, ws) }
			if err := tx.firstTaken(ctx, &r, recall, doubt); err != nil {
				return err
			}
		}
		for _, w := range kept {
			if err := tx.firstTaken(ctx, &r, func() error { return tx.settle(ctx, w, &r) }); err != nil {
				return err
			}
		}
		if len(lost) > 0 || r.Forgotten.Attempt != "" {
			if err := tx.holdAll(ctx, club.Restored); err != nil {
				return err
			}
		}
		return cmp.Or(tx.closeOpen(ctx, boot, &r), failpoint.Hit("recovery.commit"))
	})
	if err == nil {
		err = failpoint.Hit("recovery.after")
	}
	return r, err
}

// lostCalls are the calls that the database does not know, by delivery.
func (db *DB) lostCalls(ctx context.Context, journal []club.Witness, r *Recovered) ([][]club.Witness, error) {
	place := map[string]int{}
	var lost [][]club.Witness
	for part := range slices.Chunk(journal, recallMax) {
		type row struct{ attempt, delivery bool }
		have, err := queryAll(ctx, db.read, func(scan func(...any) error) (h row, err error) {
			err = scan(&h.attempt, &h.delivery)
			return h, err
		}, `
			SELECT EXISTS (SELECT 1 FROM publish_attempts WHERE id = unhex(value ->> 'Attempt')),
				EXISTS (SELECT 1 FROM deliveries WHERE id = unhex(value ->> 'Delivery'))
			FROM json_each(?) ORDER BY key`, jsonOf(part))
		if err != nil {
			return nil, fmt.Errorf("compare with the publish journal: %w", err)
		}
		for i, w := range part {
			switch {
			case have[i].attempt:
			case !have[i].delivery:
				r.Strange++
			default:
				at, known := place[w.Delivery]
				if !known {
					at = len(lost)
					place[w.Delivery] = at
					lost = append(lost, nil)
				}
				lost[at] = append(lost[at], w)
			}
		}
	}
	return lost, nil
}

// journalKept is how long the journal keeps its lines at least.
const journalKept = 400 * 24 * time.Hour

// forgotten is the last call that a platform answered, if the journal lacks it. No
// such call is made before its line is on the disk (rule P1). Of several that began
// at the same moment, one that it knows is enough.
func (db *DB) forgotten(ctx context.Context, journal []club.Witness) (club.Witness, error) {
	last, err := queryAll(ctx, db.read, func(scan func(...any) error) (w club.Witness, err error) {
		err = scan(intoID(&w.Attempt), intoID(&w.Delivery), &w.Generation, into(&w.At), &w.Boot, &w.Outcome)
		return w, err
	}, `
		SELECT id, delivery_id, generation, started_at, boot, outcome FROM publish_attempts
		WHERE irreversible = 1 AND kind <> ? AND started_at > ? AND (outcome IN ('accepted', 'rejected') OR outcome = 'unknown' AND http_status IS NOT NULL)
		ORDER BY started_at DESC LIMIT 100`, AttemptRecalled, ms(db.now().Add(-journalKept)))
	if err != nil {
		return club.Witness{}, fmt.Errorf("find the last call: %w", err)
	}
	known := map[string]bool{}
	for _, w := range journal {
		known[w.Attempt] = true
	}
	if len(last) == 0 || slices.ContainsFunc(last, func(w club.Witness) bool { return w.At.Equal(last[0].At) && known[w.Attempt] }) {
		return club.Witness{}, nil
	}
	return last[0], nil
}

// keptAnswers are the calls whose answer the journal kept and the database did
// not.
func (db *DB) keptAnswers(ctx context.Context, journal []club.Witness) ([]club.Witness, error) {
	accepted := slices.DeleteFunc(slices.Clone(journal), func(w club.Witness) bool { return w.Outcome != club.Accepted || w.RemoteID == "" })
	var kept []club.Witness
	for part := range slices.Chunk(accepted, recallMax) {
		open, err := queryAll(ctx, db.read, scanValue[bool], `
			SELECT EXISTS (
				SELECT 1 FROM publish_attempts a JOIN deliveries d ON d.id = a.delivery_id
				WHERE a.id = unhex(value ->> 'Attempt') AND (a.outcome IS NULL OR a.outcome = 'unknown') AND d.remote_id IS NULL)
			FROM json_each(?) ORDER BY key`, jsonOf(part))
		if err != nil {
			return nil, fmt.Errorf("compare with the publish journal: %w", err)
		}
		for i, w := range part {
			if open[i] {
				kept = append(kept, w)
			}
		}
	}
	return kept, nil
}

// firstTaken does the first of several things that the database takes, and leaves
// nothing of those that it refuses. One delivery must not keep all others from
// being published: if it takes none, that delivery is as it was, and cannot be sent
// either.
func (t *tx) firstTaken(ctx context.Context, r *Recovered, ways ...func() error) error {
	for n, do := range ways {
		refused, err := t.attempt(ctx, do)
		if err != nil || !refused {
			return err
		}
		if n == 0 {
			r.Refused++
		}
	}
	return nil
}

// attempt does something in a part of the transaction of its own, which is undone if
// the database refuses it.
func (t *tx) attempt(ctx context.Context, do func() error) (refused bool, err error) {
	if _, err := t.ExecContext(ctx, `SAVEPOINT attempt`); err != nil {
		return false, fmt.Errorf("begin a part of a transaction: %w", err)
	}
	before, touched := t.events, t.touched
	t.events = nil
	if err = do(); err == nil {
		err = t.writeEvents(ctx)
	}
	t.events = before
	if Refusal(err) {
		refused, t.touched = true, touched
		_, err = t.ExecContext(ctx, `ROLLBACK TO attempt`)
	}
	if err != nil {
		return refused, err
	}
	if _, err = t.ExecContext(ctx, `RELEASE attempt`); err != nil {
		return refused, fmt.Errorf("end a part of a transaction: %w", err)
	}
	return refused, nil
}

// doubt asks people about a delivery of which the journal knows what the database
// does not take.
func (t *tx) doubt(ctx context.Context, ws []club.Witness) error {
	d, err := deliveryOfAnyClub(ctx, t, ws[0].Delivery)
	if err != nil {
		return err
	}
	w := strongest(ws)
	w.RemoteID, w.Outcome = "", club.OutcomeUnknown
	ch, err := club.Next(d.Delivery, club.Event{Kind: club.Witnessed, Witness: w}, t.now)
	if errors.Is(err, club.ErrNoRow) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("recall delivery %s: %w", d.ID, err)
	}
	ch.Timeline = nil
	_, err = t.transition(ctx, d, ch, Facts{})
	return err
}

// recall applies to one delivery what only the journal knows of it.
func (t *tx) recall(ctx context.Context, ws []club.Witness, r *Recovered) error {
	d, err := deliveryOfAnyClub(ctx, t, ws[0].Delivery)
	if err != nil {
		return err
	}
	moved, err := t.witness(ctx, d, strongest(ws), ws)
	if err != nil {
		return err
	}
	r.Lost++
	if moved.Version != d.Version {
		return nil
	}
	for _, w := range ws {
		if err := t.addRecalled(ctx, d, w); err != nil {
			return err
		}
	}
	return nil
}

// strongest is the call that decides: one that was accepted, else one of which
// it is not known, else the last.
func strongest(ws []club.Witness) club.Witness {
	best := ws[len(ws)-1]
	for _, w := range ws {
		switch {
		case w.Outcome == club.Accepted && w.RemoteID != "":
			return w
		case w.Outcome != club.Rejected && w.Outcome != club.NotSent && (best.Outcome == club.Rejected || best.Outcome == club.NotSent):
			best = w
		}
	}
	for _, w := range ws {
		best.Generation = max(best.Generation, w.Generation)
	}
	return best
}

func (t *tx) settle(ctx context.Context, w club.Witness, r *Recovered) error {
	d, err := deliveryOfAnyClub(ctx, t, w.Delivery)
	if err != nil {
		return err
	}
	moved, err := t.witness(ctx, d, w, nil)
	if err == nil && moved.Version != d.Version {
		r.Settled++
	}
	return err
}

// witness lets the table say what a call that the journal knows makes of a
// delivery. It is unchanged where the table has no row for that.
func (t *tx) witness(ctx context.Context, d Delivery, w club.Witness, lost []club.Witness) (Delivery, error) {
	if w.RemoteID != "" {
		owned, err := othersOf(ctx, t, d, []string{w.RemoteID})
		if err != nil {
			return d, err
		}
		if owned[w.RemoteID] { // another delivery has it: let people look
			w.RemoteID, w.Outcome = "", club.OutcomeUnknown
		}
	}
	ch, err := club.Next(d.Delivery, club.Event{Kind: club.Witnessed, Witness: w}, t.now)
	if errors.Is(err, club.ErrNoRow) || err == nil && lost == nil && ch.To.Status != club.Published {
		return d, nil
	}
	if err != nil {
		return d, fmt.Errorf("recall delivery %s: %w", d.ID, err)
	}
	ended, err := openAttempt(ctx, t, d.ID)
	if err != nil {
		return d, err
	}
	return t.transition(ctx, d, ch, Facts{Ended: ended, Recalled: lost})
}

// addRecalled keeps a call that only the journal knew of, so that the next
// start knows it too.
func (t *tx) addRecalled(ctx context.Context, d Delivery, w club.Witness) error {
	outcome := w.Outcome
	if outcome == "" {
		outcome = club.OutcomeUnknown
	}
	d.Generation = w.Generation
	return t.addAttempt(ctx, d, Attempt{
		ID: w.Attempt, Kind: AttemptRecalled, Irreversible: true, Boot: w.Boot, StartedAt: w.At, DeadlineAt: w.At,
		FinishedAt: t.now, Outcome: outcome, Proof: "journal",
	})
}

// closeOpen makes the open attempts of other processes unknown.
func (t *tx) closeOpen(ctx context.Context, boot string, r *Recovered) error {
	type left struct {
		d       Delivery
		attempt string
	}
	open, err := queryAll(ctx, t, func(scan func(...any) error) (l left, err error) {
		err = scan(append(l.d.fields(), intoID(&l.attempt))...)
		return l, err
	}, `
		SELECT `+deliveryColumns+`, a.id
		FROM publish_attempts a JOIN deliveries d ON d.id = a.delivery_id
		WHERE a.outcome IS NULL AND a.irreversible = 1 AND a.boot <> ?`, boot)
	if err != nil {
		return fmt.Errorf("find open attempts: %w", err)
	}
	for _, l := range open {
		ch, err := club.Next(l.d.Delivery, club.Event{Kind: club.ProcessDied}, t.now)
		if err != nil {
			return fmt.Errorf("recover delivery %s: %w", l.d.ID, err)
		}
		died := func() error { _, err := t.transition(ctx, l.d, ch, Facts{Ended: l.attempt}); return err }
		aside := func() error { _, err := t.setAside(ctx, l.d, true); return err }
		if err := t.firstTaken(ctx, r, died, aside); err != nil {
			return err
		}
	}
	r.Open = len(open)
	return nil
}

func deliveryOfAnyClub(ctx context.Context, q querier, id string) (Delivery, error) {
	return queryOne(ctx, q, scanDelivery, `SELECT `+deliveryColumns+` FROM deliveries d WHERE d.id = ?`, blob(id))
}
