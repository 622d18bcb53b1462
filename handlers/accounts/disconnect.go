package accounts

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/jobs"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/accounts"
)

func (room *Room) showDisconnect(c echo.Context) error {
	conn, err := room.account(c)
	if err != nil {
		return err
	}
	if conn.Health == club.Disconnected {
		return web.SeeOther(c, "/accounts")
	}
	ctx := c.Request().Context()
	ending, err := room.SignIns.PreviewDisconnect(ctx, web.Scope(c), conn.Connection)
	if err != nil {
		return err
	}
	page := accounts.DisconnectPage{Card: room.accountCard(c, conn)}
	page.Page = room.Page(c, "accounts", web.T(c, "disconnect_title", "account", room.AccountOn(c, conn.Account.Name, conn.Account.Platform)))
	if conn.Waiting > 0 {
		page.Stops = append(page.Stops, i18n.N(ctx, "disconnect_stops_posts", conn.Waiting, "account", page.Card.Name))
	}
	page.Stops = append(page.Stops, web.T(c, "disconnect_stops_numbers"))
	site := room.signInSite(c, conn.Connection)
	switch {
	case ending.Shared():
		page.Stops = append(page.Stops, web.T(c, "disconnect_stops_copy"))
		page.Stays = append(page.Stays, web.T(c, "disconnect_stays_signin", "platform", site, "accounts", room.sharers(c, ending)))
	case ending.Told && conn.Account.SignIn != "":
		page.Stops = append(page.Stops, web.T(c, "disconnect_stops_whole", "platform", site))
	case ending.Told:
		page.Stops = append(page.Stops, web.T(c, "disconnect_stops_signin", "platform", site))
	default:
		page.Stops = append(page.Stops, web.T(c, "disconnect_stops_copy"))
	}
	page.Stays = append(page.Stays, web.T(c, "disconnect_stays_posts", "platform", page.Card.Site), web.T(c, "disconnect_stays_numbers"), web.T(c, "disconnect_stays_again"))
	return room.Render(c, http.StatusOK, accounts.Disconnect(page))
}

// createDisconnect takes the sign-in back, as well as that goes, and destroys it
// (rule A5).
func (room *Room) createDisconnect(c echo.Context) error {
	ctx := c.Request().Context()
	conn, err := room.account(c)
	if err != nil {
		return err
	}
	ending, err := room.SignIns.Disconnect(ctx, web.Scope(c), conn.Connection, web.Origin(c))
	if err != nil {
		return err
	}
	site := room.signInSite(c, conn.Connection)
	kind, text := "done", web.T(c, "disconnect_done", "account", web.AccountLabel(conn.Account))
	switch {
	case ending.Unsure != nil:
		room.Log.Warn("take a sign-in back", "connection", conn.ID, "platform", conn.Account.Platform, "err", ending.Unsure)
		kind = "note"
		text += " " + web.T(c, "disconnect_unsure", "platform", site)
		if hint := string(conn.Account.Platform) + ".withdraw_yourself"; room.Catalogue.Has(hint) {
			text += " " + web.T(c, hint)
		}
	case ending.Shared():
		text += " " + web.T(c, "disconnect_stays_signin", "platform", site, "accounts", room.sharers(c, ending))
	}
	room.Flash(c, kind, text)
	return web.SeeOther(c, "/accounts")
}

// signInSite is where a person signed in for an account: platforms that share
// one sign-in share the place.
func (room *Room) signInSite(c echo.Context, conn store.Connection) string {
	if p, ok := room.Registry(conn.Practice).Platform(conn.Account.Platform); ok {
		return room.SiteName(c, room.returnsTo(p.Info()))
	}
	return room.SiteName(c, conn.Account.Platform)
}

// sharers names the accounts that hang on the same sign-in: those of this club,
// and how many there are in others.
func (room *Room) sharers(c echo.Context, d jobs.Disconnection) string {
	var words []string
	for _, conn := range d.Here {
		words = append(words, web.T(c, "account_on", "account", web.AccountLabel(conn.Account), "platform", room.PlatformName(c, conn.Account.Platform)))
	}
	if d.Elsewhere > 0 {
		words = append(words, i18n.N(c.Request().Context(), "disconnect_elsewhere", d.Elsewhere))
	}
	return web.JoinAnd(c, words)
}
