package accounts

import (
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/accounts"
)

// charges is the platform of an account, if it charges for reading numbers;
// otherwise there is nothing to choose.
func (room *Room) charges(conn store.Connection) (info platforms.Info, ok bool) {
	p, ok := room.Registry(conn.Practice).Platform(conn.Account.Platform)
	if !ok || conn.Health == club.Disconnected {
		return info, false
	}
	info = p.Info()
	return info, info.Reading.Post > 0
}

// numbersPrice says what the numbers of an account cost, and what each pace would;
// nil where they cost nothing.
func (room *Room) numbersPrice(c echo.Context, conn store.Connection) (*accounts.Price, error) {
	info, ok := room.charges(conn)
	if !ok {
		return nil, nil
	}
	posts, err := room.DB.MeasuredPosts(c.Request().Context(), web.Scope(c), conn.ID)
	if err != nil {
		return nil, err
	}
	ctx, price, site := c.Request().Context(), info.Reading, info.SiteName()
	month := func(p club.Pace) string { return room.monthOfNumbers(c, p, price, posts) }
	out := &accounts.Price{
		Intro:   web.T(c, "account_price_intro", "platform", site, "app", info.AppName, "own", dollars(c, price.Own), "price", dollars(c, price.Post)),
		Month:   i18n.N(ctx, "account_price_month", posts, "cost", month(conn.NumbersPace)),
		Besides: web.T(c, "account_price_besides", "cost", dollars(c, 30*price.Account), "platform", site, "date", i18n.DayYear(ctx, price.CheckedOn)),
	}
	switch {
	case posts == 0:
		out.Month = web.T(c, "account_price_none")
	case conn.NumbersPace == club.PaceAsked:
		out.Month = web.T(c, "account_price_asked", "button", web.T(c, "results_take"))
	}
	for _, p := range club.Paces {
		out.Paces = append(out.Paces, accounts.Pace{
			Value: string(p), Chosen: p == conn.NumbersPace,
			Label: web.T(c, "account_pace_"+string(p), "cost", month(p), "button", web.T(c, "results_take")),
		})
	}
	return out, nil
}

// monthOfNumbers is what a pace costs in a month, in words.
func (room *Room) monthOfNumbers(c echo.Context, p club.Pace, price platforms.ReadingPrice, posts int) string {
	least, most := club.MonthOfNumbers(p, price, posts)
	if least == most {
		return dollars(c, least)
	}
	return web.T(c, "account_price_between", "least", dollars(c, least), "most", dollars(c, most))
}

// dollars writes an amount in thousandths of a US dollar: to the cent, unless it
// is less than one.
func dollars(c echo.Context, thousandths int64) string {
	places := 2
	if thousandths > 0 && thousandths < 10 {
		places = 3
	}
	return web.T(c, "money_usd", "amount", i18n.Decimal(c.Request().Context(), float64(thousandths)/1000, places))
}

// updateNumbersPace says how often the numbers of an account are read.
func (room *Room) updateNumbersPace(c echo.Context) error {
	conn, err := room.account(c)
	if err != nil {
		return err
	}
	pace := club.Pace(c.FormValue("pace"))
	if _, charges := room.charges(conn.Connection); !charges || !slices.Contains(club.Paces, pace) {
		return club.ErrNotFound
	}
	if err := room.DB.SetNumbersPace(c.Request().Context(), web.Scope(c), conn.ID, pace, web.Origin(c)); err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "account_pace_saved_"+string(pace), "button", web.T(c, "results_take")))
	return web.SeeOther(c, "/accounts/"+strconv.FormatInt(conn.ID, 10))
}
