package accounts

import (
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
)

// refusesRepeats: a second try of a post that cannot be found is guarded by the
// platform itself, so that people may allow it.
func (room *Room) refusesRepeats(conn store.Connection) bool {
	p, ok := room.Registry(conn.Practice).Platform(conn.Account.Platform)
	return ok && conn.Health != club.Disconnected && p.Info().RefusesRepeats
}

// createUnsure says what happens with a post of the account that cannot be found.
func (room *Room) createUnsure(c echo.Context) error {
	conn, err := room.account(c)
	if err != nil {
		return err
	}
	does := c.FormValue("do")
	if does != "ask" && (does != "send" || !room.refusesRepeats(conn.Connection)) {
		return club.ErrNotFound
	}
	if err := room.DB.SetSendsAgain(c.Request().Context(), web.Scope(c), conn.ID, does == "send", web.Origin(c)); err != nil {
		return err
	}
	said := "account_unsure_asked"
	if does == "send" {
		said = "account_unsure_sent"
	}
	room.Flash(c, "done", web.T(c, said))
	return web.SeeOther(c, "/accounts/"+strconv.FormatInt(conn.ID, 10))
}
