package store_test

import (
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store/storetest"
)

// TestNothingWaitsForEverAfterAClockThatWasAhead: what was written down by a clock
// that was ten years ahead does not last ten years; what a right clock wrote stays.
func TestNothingWaitsForEverAfterAClockThatWasAhead(t *testing.T) {
	t.Parallel()
	clock := storetest.NewClock()
	db := storetest.Open(t, clock.Now)
	c := storetest.NewClub(t, db)
	const decade = 87600 * time.Hour
	soon := clock.Now().Add(23 * time.Hour)
	for name, ahead := range map[string]time.Duration{"right": 0, "ahead": decade} {
		conn := c.Connection("fake", platforms.Tokens{Access: platforms.NewSecret("a")})
		at := soon.Add(ahead).UnixMilli()
		c.Exec(`UPDATE connections SET name = ?, blocked_until = ?, last_sent_at = ?, checked_at = ? WHERE id = ?`,
			name, at, clock.Now().Add(ahead).UnixMilli(), clock.Now().Add(ahead).UnixMilli(), conn.ID)
		c.Exec(`UPDATE work SET next_at = ? WHERE connection_id = ?`, at, conn.ID)
	}
	if err := db.MendTimes(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct{ blocked, work, sent time.Time }{
		"right": {soon, soon, clock.Now()},
		"ahead": {clock.Now().Add(time.Hour), clock.Now(), clock.Now()},
	} {
		var blocked, work, sent int64
		var checked *int64
		err := db.Reader().QueryRowContext(t.Context(), `
			SELECT blocked_until, (SELECT max(next_at) FROM work WHERE connection_id = connections.id), last_sent_at, checked_at FROM connections WHERE name = ?`, name).
			Scan(&blocked, &work, &sent, &checked)
		if err != nil {
			t.Fatal(err)
		}
		if blocked != want.blocked.UnixMilli() || work != want.work.UnixMilli() || sent != want.sent.UnixMilli() {
			t.Errorf("%s: rests until %s, works at %s, last sent %s", name, time.UnixMilli(blocked), time.UnixMilli(work), time.UnixMilli(sent))
		}
		if (checked == nil) != (name == "ahead") {
			t.Errorf("%s: checked at %v", name, checked)
		}
	}
}
