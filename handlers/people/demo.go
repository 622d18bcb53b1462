package people

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
func (room *Room) demoRoutes() []web.Route {
	if room.Demo == nil {
		return nil
	}
	return []web.Route{
		web.Get("/demo/:token", club.Public, room.showDemo),
		web.Post("/demo/:token", club.Public, room.enterDemo),
	}
}

func (room *Room) showDemo(c echo.Context) error {
	if err := room.checkDemo(c); err != nil {
		return err
	}
	return room.Render(c, http.StatusOK, people.Demo(room.PlainPage(c, web.T(c, "demo_title")), c.Param("token")))
}

func (room *Room) enterDemo(c echo.Context) error {
	if err := room.checkDemo(c); err != nil {
		return err
	}
	p, err := room.DB.Person(c.Request().Context(), room.Demo.PersonID)
	if err != nil {
		return err
	}
	if err := room.SignIn(c, p, room.Demo.ClubID); err != nil {
		return err
	}
	return web.SeeOther(c, "/calendar")
}

func (room *Room) checkDemo(c echo.Context) error {
	if subtle.ConstantTimeCompare([]byte(c.Param("token")), []byte(room.Demo.Token)) != 1 {
		return club.ErrNotFound
	}
	return nil
}
