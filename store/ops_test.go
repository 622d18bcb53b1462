package store

import (
	"errors"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/internal/secret"
)

func TestOnceGivesTheFirstAnswerForADay(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	keys, err := secret.New()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	db, err := Open(ctx, t.TempDir(), keys, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	p, _, err := db.CreateFirst(ctx, NewPerson{Email: "a@example.org", Name: "A"}, NewClub{Name: "C", Zone: "UTC"}, "")
	if err != nil {
		t.Fatal(err)
	}
	done := 0
	do := func(op, answer string, fail error) (got string, err error) {
		err = db.inTx(ctx, func(tx *tx) error {
			got, err = tx.once(ctx, p.ID, OpMove, op, func() (string, error) { done++; return answer, fail })
			return err
		})
		return got, err
	}
	broken := errors.New("broken")
	steps := []struct {
		name, op, answer string
		fail             error
		after            time.Duration
		want             string
		wantDone         int
	}{
		{"a failure is not kept", "k", "", broken, 0, "", 1},
		{"first", "k", "post 1", nil, 0, "post 1", 2},
		{"again", "k", "post 2", nil, 23 * time.Hour, "post 1", 2},
		{"another key", "l", "post 3", nil, 0, "post 3", 3},
		{"no key", "", "post 4", nil, 0, "post 4", 4},
		{"a day later", "k", "post 5", nil, 2 * time.Hour, "post 5", 5},
	}
	for _, s := range steps {
		now = now.Add(s.after)
		got, err := do(s.op, s.answer, s.fail)
		if got != s.want || done != s.wantDone || !errors.Is(err, s.fail) {
			t.Errorf("%s: %q, done %d, %v; want %q, done %d, %v", s.name, got, done, err, s.want, s.wantDone, s.fail)
		}
	}
	if got, ok, err := db.OpResult(ctx, p.ID, OpMove, "k"); got != "post 5" || !ok || err != nil {
		t.Errorf("OpResult = %q, %v, %v; want post 5", got, ok, err)
	}
	if _, ok, err := db.OpResult(ctx, p.ID, opDuplicate, "k"); ok || err != nil {
		t.Errorf("the answer to a move was given to a duplicate with the same key: %v", err)
	}
	if _, ok, err := db.OpResult(ctx, p.ID+1, OpMove, "k"); ok || err != nil {
		t.Errorf("another person got the answer: %v", err)
	}
	now = now.Add(25 * time.Hour)
	if err := db.DeleteExpired(ctx); err != nil {
		t.Fatal(err)
	}
	var n int
	if err := db.read.QueryRowContext(ctx, `SELECT count(*) FROM ops`).Scan(&n); err != nil || n != 0 {
		t.Errorf("ops left = %d, %v; want 0", n, err)
	}
}

// TestSessionsThatEndedAreRemoved: and those that have not are kept.
func TestSessionsThatEndedAreRemoved(t *testing.T) {
	t.Parallel()
	keys, err := secret.New()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	db, err := Open(t.Context(), t.TempDir(), keys, func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	for token, left := range map[string]time.Duration{"ended": -time.Second, "lives": time.Second} {
		// As the session store writes it.
		if _, err := db.write.ExecContext(t.Context(), `INSERT INTO sessions VALUES (?, x'00', julianday(?))`,
			token, now.Add(left).UTC().Format("2006-01-02T15:04:05.999")); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.DeleteExpired(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left string
	if err := db.read.QueryRowContext(t.Context(), `SELECT group_concat(token) FROM sessions`).Scan(&left); err != nil || left != "lives" {
		t.Errorf("sessions left: %q, %v; want the one that has not ended", left, err)
	}
}
