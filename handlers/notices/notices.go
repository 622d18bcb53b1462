// Package notices is the bell: what a person should know of, and where it leads.
package notices

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/notices"
)

// Room answers for the bell.
type Room struct {
	*web.App
	// IsUnsure reports whether posts of an account wait for somebody to say whether
	// they are public.
	IsUnsure func(c echo.Context, account int64) (bool, error)
}

// Routes returns the addresses of the room.
func (room *Room) Routes() []web.Route {
	return []web.Route{
		web.Get("/notices", club.ViewClub, room.showNotices),
		web.Post("/notices/:id/opening", club.ViewClub, room.createOpening),
		web.Post("/notices/read", club.ViewClub, room.readNotices),
	}
}

// noticesRead is how many notices are read to be grouped for the bell.
const noticesRead = 300

func (room *Room) showNotices(c echo.Context) error {
	list, err := room.DB.Notices(c.Request().Context(), web.Scope(c), noticesRead)
	if err != nil {
		return err
	}
	page := notices.Page{Page: room.Page(c, "notices", web.T(c, "nav_notices")), Unread: web.Actor(c).Unread}
	for _, about := range bySubject(list) {
		page.Rows = append(page.Rows, room.noticeRow(c, about))
	}
	return room.Render(c, http.StatusOK, notices.List(page))
}

// bySubject puts notices about the same post or account together, in the order of
// the newest of each.
func bySubject(list []store.Notice) [][]store.Notice {
	type subject struct{ post, connection, notice int64 }
	at := map[subject]int{}
	var groups [][]store.Notice
	for _, n := range list {
		k := subject{notice: n.ID}
		switch {
		case n.PostID != 0:
			k = subject{post: n.PostID}
		case n.ConnectionID != 0:
			k = subject{connection: n.ConnectionID}
		}
		i, known := at[k]
		if !known {
			i, at[k] = len(groups), len(groups)
			groups = append(groups, nil)
		}
		groups[i] = append(groups[i], n)
	}
	return groups
}

// noticeRow is one line of the bell, from the notices about one thing, newest
// first. What several of them say of different accounts is one sentence.
func (room *Room) noticeRow(c echo.Context, about []store.Notice) notices.Row {
	first := about[0]
	row := notices.Row{
		ID: strconv.FormatInt(first.ID, 10), Icon: "triangle-alert", About: first.Excerpt, Action: web.T(c, "notices_open"),
		When: i18n.When(c.Request().Context(), first.At.In(room.Zone(c))), ISO: first.At.Format(time.RFC3339),
	}
	var sentences []string
	for i, n := range about {
		row.New = row.New || n.ReadAt.IsZero()
		if slices.ContainsFunc(about[:i], func(o store.Notice) bool { return o.Kind == n.Kind }) {
			continue
		}
		var names []string
		for _, o := range slices.Backward(about) { // accounts in the order in which they were told of
			if name := room.AccountOn(c, o.Account, o.Platform); o.Kind == n.Kind && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		sentences = append(sentences, room.noticeText(c, n, web.JoinAnd(c, names)))
	}
	row.Text = strings.Join(sentences, " ")
	return row
}

// noticeText says what one notice is about; accounts are those that it is about.
func (room *Room) noticeText(c echo.Context, n store.Notice, accounts string) string {
	if ends, err := time.Parse(time.RFC3339, n.Args["ends"]); err == nil {
		return web.T(c, "notice_"+n.Kind, "account", accounts, "platform", room.SiteName(c, n.Platform), "date", i18n.WhenYear(c.Request().Context(), ends.In(room.Zone(c))))
	}
	text := web.T(c, "notice_"+n.Kind, room.noticeArgs(c, n, accounts)...)
	if code := n.Args["code"]; code != "" && room.Catalogue.Has("fail_"+code+"_title") {
		text += " " + web.T(c, "notice_because", "reason", web.T(c, "fail_"+code+"_title", "platform", room.SiteName(c, n.Platform), "account", n.Account))
	}
	return text
}

// noticeArgs are the words that a notice is about.
func (room *Room) noticeArgs(c echo.Context, n store.Notice, accounts string) []string {
	args := []string{"account", accounts, "platform", room.SiteName(c, n.Platform)}
	if local, zone := n.Args["time"], n.Args["zone"]; zone != "" {
		if slot, err := club.ParseSlot(local, zone); err == nil {
			args = append(args, "time", i18n.When(c.Request().Context(), slot.At.In(room.Zone(c))), "zone", zone)
		}
	}
	return args
}

// createOpening opens what a notice is about, and marks it as read.
func (room *Room) createOpening(c echo.Context) error {
	post, connection, err := room.DB.OpenNotice(c.Request().Context(), web.Scope(c), web.ParseID(c.Param("id")))
	switch {
	case err != nil:
		return err
	case post != 0:
		return web.SeeOther(c, web.PostPath(post))
	case connection != 0:
		unsure, err := room.IsUnsure(c, connection)
		if err != nil {
			return err
		}
		if unsure && web.Actor(c).Role.Can(club.SchedulePosts) {
			return web.SeeOther(c, "/waiting")
		}
		return web.SeeOther(c, "/accounts/"+strconv.FormatInt(connection, 10))
	}
	return web.SeeOther(c, "/calendar")
}

func (room *Room) readNotices(c echo.Context) error {
	if err := room.DB.MarkRead(c.Request().Context(), web.Scope(c)); err != nil {
		return err
	}
	return web.SeeOther(c, "/notices")
}
