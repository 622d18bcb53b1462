package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/store"
)

// Health is how the engine is.
type Health struct {
	LastTick  time.Time // when the scheduler last looked for due posts
	LastClaim time.Time // when it last began to publish one; zero if never
	Stuck     bool      // it has not looked for too long
	Held      bool      // nothing can be stored: posts wait
	// Damage is what is wrong with the database: nothing is published any more.
	Damage store.Damage
	// ClockAhead is how far the clock is ahead of those of the platforms, behind
	// them if negative; 0 if it is right.
	ClockAhead time.Duration
	Journal    Journal
}

func (h Health) damaged() bool { return !h.Damage.At.IsZero() }

// Journal is how the record of what was sent is.
type Journal struct {
	Size int64     // bytes of its present file
	Last time.Time // its last line; zero if there is none
	Bad  bool      // it cannot be written, or a line of it cannot be read
}

// showStart leads to where a person belongs.
func (s *Server) showStart(c echo.Context) error {
	if who(c) != nil {
		return c.Redirect(http.StatusSeeOther, "/calendar")
	}
	needed, err := s.DB.NeedsSetup(c.Request().Context())
	if err != nil {
		return err
	}
	if needed {
		return c.Redirect(http.StatusSeeOther, "/setup")
	}
	return c.Redirect(http.StatusSeeOther, "/sign-in")
}

// showHealth tells programs whether posts go out: "process up" is not enough.
// They do not while the scheduler stands still, or nothing can be stored.
func (s *Server) showHealth(c echo.Context) error {
	h := s.Health()
	status, word := http.StatusOK, "ok"
	switch {
	case h.Stuck:
		status, word = http.StatusServiceUnavailable, "stuck"
	case h.damaged():
		status, word = http.StatusServiceUnavailable, "damaged"
	case h.Held:
		status, word = http.StatusServiceUnavailable, "storage"
	}
	c.Response().Header().Set("Cache-Control", "no-store")
	return c.JSON(status, struct {
		Status    string     `json:"status"`
		Version   string     `json:"version"`
		LastTick  *time.Time `json:"last_tick"`
		LastClaim *time.Time `json:"last_claim"`
	}{word, s.Version, orNull(h.LastTick), orNull(h.LastClaim)})
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
