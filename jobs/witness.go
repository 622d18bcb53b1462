package jobs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/journal"
)

// announce keeps in the journal that the open irreversible call is about to be
// made. Without that it must not be made (rule P1).
func (r *run) announce() error {
	e := r.entry()
	sum := sha256.Sum256(r.d.Body)
	e.BodyHash = hex.EncodeToString(sum[:])
	return r.Journal.Append(e)
}

// testify keeps in the journal how the call ended. The database is told next,
// so a line that cannot be written loses nothing that is not kept there.
func (r *run) testify(ch club.Change) {
	e := r.entry()
	e.Outcome = string(ch.Closes)
	if ch.Closes == club.Accepted {
		e.RemoteID, e.RemoteURL = ch.To.RemoteID, ch.To.RemoteURL
	}
	if err := r.Journal.Append(e); err != nil {
		r.Log.Error("an answer is not in the publish journal", "delivery", r.d.ID, "err", err)
		r.gate.Fault(err)
	}
}

// testifyProof keeps in the journal that a call of which it was not known has
// made a post that is public: an old copy of the database must not learn from
// the journal only that the call was made.
func (r *run) testifyProof(ctx context.Context, ch club.Change) error {
	sent, err := r.DB.LastSent(ctx, r.d.ID)
	if err != nil || sent.ID == "" {
		return err
	}
	e := journal.Entry{
		At: r.Now(), Boot: r.Boot, Delivery: r.d.ID, Attempt: sent.ID, Generation: sent.Generation, Key: club.Key(r.d.ID, sent.Generation),
		Outcome: string(club.Accepted), RemoteID: ch.To.RemoteID, RemoteURL: ch.To.RemoteURL,
	}
	if err := r.Journal.Append(e); err != nil {
		r.Log.Error("a proof is not in the publish journal", "delivery", r.d.ID, "err", err)
		r.gate.Fault(err)
	}
	return nil
}

func (r *run) entry() journal.Entry {
	return journal.Entry{
		At: r.Now(), Boot: r.Boot, Delivery: r.d.ID, Attempt: r.call.ID, Generation: r.d.Generation, Key: r.d.Key,
	}
}

// recover brings the database up to what the journal knows.
func (e *Engine) recover(ctx context.Context) error {
	witnesses, err := e.witnesses()
	if err != nil {
		return err
	}
	r, err := e.DB.Recover(ctx, e.Boot, witnesses)
	if err != nil {
		return fmt.Errorf("recover: %w", err)
	}
	if w := r.Forgotten; w.Attempt != "" {
		e.Log.Error("the publish journal does not know the last call: everything is held until an admin has looked", "attempt", w.Attempt, "at", w.At)
		// Now it does, so that it is asked once.
		err := e.Journal.Append(journal.Entry{
			At: e.Now(), Boot: w.Boot, Delivery: w.Delivery, Attempt: w.Attempt, Generation: w.Generation,
			Key: club.Key(w.Delivery, w.Generation), Outcome: string(w.Outcome),
		})
		if err != nil {
			return err
		}
	}
	if n := e.Journal.Position().Damaged; n > 0 {
		e.Log.Error("lines of the publish journal cannot be read", "count", n)
	}
	if r.Open+r.Settled > 0 {
		e.Log.Warn("deliveries whose outcome was open", "looked_for", r.Open, "kept_by_journal", r.Settled)
	}
	if r.Refused > 0 {
		e.Log.Error("the database does not take what became of deliveries", "deliveries", r.Refused)
	}
	if r.Lost > 0 {
		e.Log.Error("the database is older than the publish journal: everything is held until an admin has looked", "deliveries", r.Lost, "unknown", r.Strange)
	}
	return nil
}

// witnesses is what the journal knows of each call, in the order of their
// intents.
func (e *Engine) witnesses() ([]club.Witness, error) {
	var all []club.Witness
	place := map[string]int{}
	err := e.Journal.Read(func(l journal.Entry) error {
		i, known := place[l.Attempt]
		if !known {
			i = len(all)
			place[l.Attempt] = i
			all = append(all, club.Witness{Delivery: l.Delivery, Attempt: l.Attempt, Boot: l.Boot, Generation: l.Generation, At: l.At})
		}
		if w := &all[i]; l.Outcome != "" {
			w.Outcome, w.RemoteID, w.RemoteURL = club.Outcome(l.Outcome), l.RemoteID, l.RemoteURL
		}
		return nil
	})
	return all, err
}
