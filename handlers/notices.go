package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/notices"
)

// noticesShown is how far back the bell goes.
const noticesShown = 100

func (s *Server) showNotices(c echo.Context) error {
	ctx := c.Request().Context()
	list, err := s.DB.Notices(ctx, scope(c), noticesShown)
	if err != nil {
		return err
	}
	page := notices.Page{Page: s.page(c, "notices", t(c, "nav_notices")), Unread: who(c).Unread}
	for _, n := range list {
		page.Rows = append(page.Rows, s.noticeRow(c, n))
	}
	return s.render(c, http.StatusOK, notices.List(page))
}

func (s *Server) noticeRow(c echo.Context, n store.Notice) notices.Row {
	ctx := c.Request().Context()
	at := n.At.In(s.zone(c))
	row := notices.Row{
		New: n.ReadAt.IsZero(), Icon: "triangle-alert", About: n.Excerpt, When: i18n.When(ctx, at), ISO: n.At.Format(time.RFC3339),
		Text: t(c, "notice_"+n.Kind, s.noticeArgs(c, n)...), Href: "/calendar", Action: t(c, "notices_look"),
	}
	if ends, err := time.Parse(time.RFC3339, n.Args["ends"]); err == nil {
		row.Text = t(c, "notice_"+n.Kind, "account", s.nameOn(c, n.Account, n.Platform), "platform", s.siteName(c, n.Platform), "date", i18n.WhenYear(ctx, ends.In(s.zone(c))))
	}
	if code := n.Args["code"]; code != "" && s.Catalogue.Has("fail_"+code+"_title") {
		name := n.Account
		if p, ok := s.platforms(who(c).Club.Practice).Platform(n.Platform); ok {
			name = p.Info().Name
		}
		row.Text += " " + t(c, "notice_because", "reason", t(c, "fail_"+code+"_title", "platform", name, "account", n.Account))
	}
	switch {
	case n.PostID != 0:
		row.Href, row.Action = "/posts/"+strconv.FormatInt(n.PostID, 10), t(c, "notices_fix")
	case n.ConnectionID != 0:
		row.Href, row.Action = "/accounts/"+strconv.FormatInt(n.ConnectionID, 10), t(c, "notices_fix")
	}
	return row
}

// noticeArgs are the words that a notice is about.
func (s *Server) noticeArgs(c echo.Context, n store.Notice) []string {
	args := []string{"account", s.nameOn(c, n.Account, n.Platform), "platform", s.siteName(c, n.Platform)}
	if local, zone := n.Args["time"], n.Args["zone"]; zone != "" {
		if slot, err := club.ParseSlot(local, zone); err == nil {
			args = append(args, "time", i18n.When(c.Request().Context(), slot.At.In(s.zone(c))), "zone", zone)
		}
	}
	return args
}

func (s *Server) readNotices(c echo.Context) error {
	if err := s.DB.MarkRead(c.Request().Context(), scope(c)); err != nil {
		return err
	}
	return seeOther(c, "/notices")
}
