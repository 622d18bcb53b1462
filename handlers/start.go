package handlers

import (
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
)

// showStart leads to where a person belongs.
func (s *Server) showStart(c echo.Context) error {
	if web.Actor(c) != nil {
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
	case h.IsDamaged():
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
