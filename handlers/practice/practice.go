// Package practice is practice mode: the make-believe platforms and what became
// public on them, rehearsals, and going live.
package practice

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/practice"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/accounts"
	"github.com/bandstand-app/bandstand/views/people"
)

// Room answers for practice mode.
type Room struct {
	*web.App
	// Worlds are the clubs' practice worlds.
	Worlds *practice.Worlds
	// GaveLately reports whether the person behind a request gave their password to
	// it not long ago.
	GaveLately func(c echo.Context) bool
}

// Routes returns the addresses of the room.
func (room *Room) Routes() []web.Route {
	return []web.Route{
		web.Get("/practice", club.ViewClub, room.showPractice),
		web.Post("/practice/behaviour", club.SchedulePosts, room.createBehaviour),
		web.Post("/practice/reset", club.ManageClub, room.createReset),
		web.Get("/practice/mode", club.ManageClub, room.showGoingLive),
		web.Post("/practice/mode", club.ManageClub, room.updatePracticeMode, web.Confirmed),
		web.Get("/practice/:mount/*", club.ViewClub, room.servePractice, web.Acting),
		web.Post("/practice/:mount/*", club.ConnectAccount, room.servePractice),
	}
}

// world is the practice world of the club; there is none for a club that has
// gone live.
func (room *Room) world(c echo.Context) (*practice.World, error) {
	a := web.Actor(c)
	if !a.Club.Practice {
		return nil, club.ErrNotFound
	}
	return room.Worlds.Of(a.Club.ID)
}

// servePractice shows the pages of the make-believe platforms to browsers, and
// nothing else of them. On some a person lets Bandstand in, which is for those
// who may connect accounts.
func (room *Room) servePractice(c echo.Context) error {
	w, err := room.world(c)
	if err != nil {
		return err
	}
	page, signIn := w.Page(practice.Below(practice.Path, c.Request()))
	if page == nil {
		return club.ErrNotFound
	}
	if signIn && !web.Actor(c).Role.Can(club.ConnectAccount) {
		return web.Forbidden(club.ConnectAccount)
	}
	page.ServeHTTP(c.Response(), c.Request())
	return nil
}

func (room *Room) showPractice(c echo.Context) error {
	a := web.Actor(c)
	page := accounts.PracticePage{
		Page: room.Page(c, "settings", web.T(c, "settings_practice")), On: a.Club.Practice,
		Manage: a.Role.Can(club.ManageClub), Rehearse: a.Role.Can(club.SchedulePosts),
	}
	var err error
	if !page.On {
		if page.PutAway, err = room.DB.PutAway(c.Request().Context(), web.Scope(c)); err != nil {
			return err
		}
		return room.Render(c, http.StatusOK, accounts.Practice(page))
	}
	w, err := room.world(c)
	if err != nil {
		return err
	}
	all, err := room.DB.ConnectedAccounts(c.Request().Context(), web.Scope(c), true)
	if err != nil {
		return err
	}
	only := platforms.ID(c.QueryParam("platform"))
	if _, ok := room.Practice.Platform(only); !ok {
		only = ""
	}
	if page.Posts, err = room.feed(c, w, all, only); err != nil {
		return err
	}
	page.Tabs, page.Platforms = room.feedTabs(c, all, only), room.rehearsals(c, w, all)
	return room.Render(c, http.StatusOK, accounts.Practice(page))
}

// showGoingLive asks before the club goes live: what is put away, what waits, and
// what is to be kept.
func (room *Room) showGoingLive(c echo.Context) error {
	ctx, a := c.Request().Context(), web.Actor(c)
	if !a.Club.Practice {
		return web.SeeOther(c, "/practice")
	}
	made, err := room.DB.PracticePosts(ctx, web.Scope(c))
	if err != nil {
		return err
	}
	all, err := room.DB.ConnectedAccounts(ctx, web.Scope(c), true)
	if err != nil {
		return err
	}
	var connected []int64
	for _, conn := range all {
		if conn.Health != club.Disconnected {
			connected = append(connected, conn.ID)
		}
	}
	waits, err := room.DB.Awaiting(ctx, web.Scope(c), connected)
	if err != nil {
		return err
	}
	keepable, err := room.keepable(c)
	if err != nil {
		return err
	}
	page := people.AskPage{
		Page: room.Page(c, "settings", web.T(c, "practice_live_title", "club", a.Club.Name)), Action: "/practice/mode", Back: "/practice",
		Button: web.T(c, "practice_live_button"), Fields: []people.Hidden{{Name: "practice", Value: "off"}}, AskPassword: !room.GaveLately(c),
		Changes: []string{web.T(c, "practice_live_real")},
		Stays:   []string{web.T(c, "practice_live_people"), web.T(c, "practice_live_look"), web.T(c, "practice_live_back")},
	}
	add := func(key string, n int) {
		if n > 0 {
			page.Changes = append(page.Changes, i18n.N(ctx, key, n))
		}
	}
	add("practice_live_posts", made)
	add("practice_live_accounts", len(connected))
	add("practice_live_waiting", waits.Due+waits.Planned)
	if len(keepable) > 0 {
		page.Choice = accounts.Keep(keepable)
	}
	return room.Render(c, http.StatusOK, people.Ask(page))
}

// keepable are the practice posts that can be kept when the club goes live.
func (room *Room) keepable(c echo.Context) ([]accounts.Keepable, error) {
	posts, err := room.DB.Keepable(c.Request().Context(), web.Scope(c))
	if err != nil {
		return nil, err
	}
	list := make([]accounts.Keepable, 0, len(posts))
	for _, p := range posts {
		k := accounts.Keepable{ID: strconv.FormatInt(p.ID, 10), Text: web.PostTitle(c, p), When: web.T(c, "practice_keep_no_time")}
		if !p.Planned.At.IsZero() {
			k.When = i18n.When(c.Request().Context(), room.Local(c, p.Planned.At))
		}
		list = append(list, k)
	}
	return list, nil
}

// feedTabs choose whose feed is shown.
func (room *Room) feedTabs(c echo.Context, all []store.Connected, only platforms.ID) []accounts.FeedTab {
	tabs := []accounts.FeedTab{{Label: web.T(c, "practice_feed_all"), Href: "/practice", Current: only == ""}}
	for _, p := range room.Practice.All() {
		i := p.Info()
		if slices.ContainsFunc(all, func(x store.Connected) bool { return x.Account.Platform == i.ID }) {
			tabs = append(tabs, accounts.FeedTab{Label: i.SiteName(), Href: "/practice?platform=" + string(i.ID), Current: only == i.ID})
		}
	}
	return tabs
}

func (room *Room) rehearsals(c echo.Context, w *practice.World, all []store.Connected) []accounts.Rehearsal {
	var choices []string
	for _, b := range practice.Behaviours {
		choices = append(choices, string(b))
	}
	var out []accounts.Rehearsal
	for _, p := range room.Practice.All() {
		i := p.Info()
		var names []string
		for _, conn := range all {
			if conn.Account.Platform == i.ID && conn.Health != club.Disconnected {
				names = append(names, web.AccountLabel(conn.Account))
			}
		}
		if len(names) == 0 {
			continue
		}
		out = append(out, accounts.Rehearsal{
			ID: string(i.ID), Name: i.Name, Mark: i.Mark, Accounts: web.Join(c, names),
			Behaviour: string(w.Behaviour(i.ID)), Choices: choices,
		})
	}
	return out
}

// createBehaviour makes a make-believe platform behave in another way.
func (room *Room) createBehaviour(c echo.Context) error {
	w, err := room.world(c)
	if err != nil {
		return err
	}
	p, ok := room.Practice.Platform(platforms.ID(c.FormValue("platform")))
	b := practice.Behaviour(c.FormValue("behaviour"))
	if !ok || !slices.Contains(practice.Behaviours, b) {
		return club.ErrNotFound
	}
	if err := w.Behave(p.Info().ID, b); err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "practice_behaves", "platform", p.Info().SiteName(), "behaviour", web.T(c, "practice_behaviour_"+string(b))))
	return web.SeeOther(c, "/practice")
}

// createReset makes the make-believe platforms forget everything.
func (room *Room) createReset(c echo.Context) error {
	w, err := room.world(c)
	if err != nil {
		return err
	}
	if err := w.Reset(); err != nil {
		return err
	}
	if err := room.DB.DisconnectPractice(c.Request().Context(), web.Scope(c), web.Origin(c)); err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "practice_reset_done"))
	return web.SeeOther(c, "/practice")
}

// updatePracticeMode takes the club live, or back to practising.
func (room *Room) updatePracticeMode(c echo.Context) error {
	on := c.FormValue("practice") == "on"
	if !on && c.FormValue("practice") != "off" {
		return club.ErrNotFound
	}
	if on {
		if err := room.DB.PractiseAgain(c.Request().Context(), web.Scope(c), web.Origin(c)); err != nil {
			return err
		}
		room.Flash(c, "done", web.T(c, "practice_is_on"))
		return web.SeeOther(c, "/practice")
	}
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	keep := make([]int64, 0, len(form["keep"]))
	for _, id := range form["keep"] {
		keep = append(keep, web.ParseID(id))
	}
	kept, err := room.DB.GoLive(c.Request().Context(), web.Scope(c), keep, web.Origin(c))
	if err != nil {
		return err
	}
	words := web.T(c, "practice_is_off")
	if kept > 0 {
		words += " " + i18n.N(c.Request().Context(), "practice_kept", kept)
	}
	room.Flash(c, "done", words)
	return web.SeeOther(c, "/accounts")
}
