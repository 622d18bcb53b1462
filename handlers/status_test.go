package handlers

import (
	"net/http"
	"testing"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/platforms"
)

// TestStatusSaysWhatIsWrong walks the page of an admin through a quiet club and
// through one in which everything goes wrong.
func TestStatusSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	health := web.Health{}
	s := newScene(t, func(c *Config) { c.Health = func() web.Health { return health } })
	health.LastTick, health.LastClaim = s.clock.Now(), s.clock.Now()
	account := s.connect("x", "riversidefc")
	s.schedule("Match day", "2026-11-24T18:30", account)
	maeve := s.as(club.Admin)
	maeve.get("/settings").says("System status")
	maeve.get("/settings/status").want(http.StatusOK).
		says("All is well.", "Yes, last Mon 23 Nov, 09:00:00", "Tue 24 Nov, 18:30:00", "Nothing was sent yet", "once a week", "Right, as far as the platforms have said").
		saysNot("Overdue", "Needs reconnecting")
	s.as(club.Publisher).get("/settings/status").want(http.StatusForbidden)

	s.clock.Advance(48 * time.Hour)
	late := s.schedule("Raffle", "2026-11-26T18:30", account)
	s.force(late.ID, club.NeedsAttention, club.Ambiguous)
	health.Stuck, health.Held, health.Journal.Bad, health.ClockAhead = true, true, true, -20*time.Minute
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE connections SET health = 'reconnect'`); err != nil {
		t.Fatal(err)
	}
	if err := s.db.SetInstallationValue(t.Context(), "examined", "1795424400000 wrong # of entries in index posts_list"); err != nil {
		t.Fatal(err)
	}
	page := s.as(club.Admin).get("/settings/status").want(http.StatusOK).
		says("Something wants your attention", "No, not since Mon 23 Nov, 09:00:00. Restart Bandstand", "Since Tue 24 Nov, 18:30:00",
			"Wait for a decision", "Needs reconnecting", "Nothing can be stored safely", "Damaged: wrong # of entries", "Cannot be written or read",
			"20 minutes behind those of the platforms. Set it.").
		saysNot("All is well")
	if n := page.doc().Find("dd[data-trouble]").Length(); n != 8 {
		t.Errorf("%d lines are marked, want 8: %s", n, page.text())
	}
}

// TestStatusWarnsOfAVersionThatEnds in time for an update.
func TestStatusWarnsOfAVersionThatEnds(t *testing.T) {
	t.Parallel()
	api := platforms.API{Version: "202609", Versions: []platforms.APIVersion{{Version: "202609", End: time.Date(2027, 9, 15, 0, 0, 0, 0, time.UTC)}}}
	s := newScene(t, func(c *Config) {
		c.Practice = platforms.NewRegistry(tiny{id: "tiny", name: "Tiny", max: 20, api: api}, tiny{id: "wide", name: "Wide", max: 20, api: api})
	})
	s.account("tiny", true, club.Working)
	page := func() *answer { return s.as(club.Admin).get("/settings/status").want(http.StatusOK) }
	page().says("API of Tiny", "Version 202609, until 15 Sep 2027", "All is well.").saysNot("API of Wide")
	s.clock.Advance(time.Date(2027, 8, 1, 0, 0, 0, 0, time.UTC).Sub(s.clock.Now()))
	page().says("Version 202609 ends on 15 Sep 2027, in 45 days. Update Bandstand before then.").saysNot("All is well.")
	s.clock.Advance(60 * 24 * time.Hour)
	page().says("Version 202609 ended on 15 Sep 2027. Update Bandstand.")
	if _, err := s.db.Writer().ExecContext(t.Context(), `UPDATE connections SET health = 'paused', health_code = 'version_over'`); err != nil {
		t.Fatal(err)
	}
	page().says("Needs an update")
	s.as(club.Publisher).get("/accounts").says("Needs an update", "An update of Bandstand is needed. Nothing is lost")
}
