package handlers

import (
	"crypto/subtle"
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/views/people"
)

// Demo is the door of a demo: whoever has the token signs in as the person.
type Demo struct {
	Token            string
	PersonID, ClubID int64
}

// demoRoutes exist in a demo alone.
func (s *Server) demoRoutes() []web.Route {
	if s.Demo == nil {
		return nil
	}
	return []web.Route{
		web.Get("/demo/:token", club.Public, s.showDemo),
		web.Post("/demo/:token", club.Public, s.enterDemo),
	}
}

func (s *Server) showDemo(c echo.Context) error {
	if err := s.checkDemo(c); err != nil {
		return err
	}
	return s.Render(c, http.StatusOK, people.Demo(s.PlainPage(c, web.T(c, "demo_title")), c.Param("token")))
}

func (s *Server) enterDemo(c echo.Context) error {
	if err := s.checkDemo(c); err != nil {
		return err
	}
	p, err := s.DB.Person(c.Request().Context(), s.Demo.PersonID)
	if err != nil {
		return err
	}
	if err := s.SignIn(c, p, s.Demo.ClubID); err != nil {
		return err
	}
	return web.SeeOther(c, "/calendar")
}

func (s *Server) checkDemo(c echo.Context) error {
	if subtle.ConstantTimeCompare([]byte(c.Param("token")), []byte(s.Demo.Token)) != 1 {
		return club.ErrNotFound
	}
	return nil
}
