package handlers

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/people"
	"github.com/bandstand-app/bandstand/views/ui"
)

// maxRecorded bounds how many lines people who have not signed in can add to the
// audit log within triesWait. All of it is in the program's log.
const maxRecorded = 200

// distrust puts on record what somebody did who has not proved who they are:
// always in the program's log with their address, and in the audit log, unless
// too much was added to that lately. What somebody may repeat as often as they
// like has a name, same, and is added once within triesWait. Where nothing can
// be stored, they are refused all the same.
func (s *Server) distrust(c echo.Context, of store.Scope, action, object, same string) {
	attrs := []slog.Attr{
		slog.String("action", action), slog.String("from", origin(c)), slog.String("method", c.Request().Method),
		slog.String("route", c.Path()), slog.Any("id", c.Get(idKey)),
	}
	if of.PersonID != 0 {
		attrs = append(attrs, slog.Int64("person", of.PersonID))
	}
	ctx := c.Request().Context()
	s.Log.LogAttrs(ctx, slog.LevelWarn, "refused", attrs...)
	left := []guarded{{"record", maxRecorded}}
	if same != "" {
		left = append(left, guarded{action + " " + same, 1})
	}
	if s.signIns.begin(s.Now(), left...) > 0 {
		return
	}
	if err := s.DB.Audit(ctx, of, action, object, origin(c)); err != nil && !club.Storage(err) {
		s.Log.LogAttrs(ctx, slog.LevelError, "record", slog.String("action", action), slog.Any("err", err))
	}
}

// siteOf is the site that a browser names as the one a form is on; "" if it
// names none.
func siteOf(c echo.Context) string {
	const most = 100 // characters that are kept of it
	u, err := url.Parse(c.Request().Header.Get("Origin"))
	if err != nil || u.Host == "" {
		return ""
	}
	site := u.Scheme + "://" + u.Host
	return site[:min(len(site), most)]
}

// recordKinds sorts what is recorded by what people look for. Every action has
// words in the catalogue, audit_<action>.
var recordKinds = []struct {
	name    string
	actions []string
}{
	{"sign_ins", []string{"signed_in", "signed_out", "password_given", "password_changed", "password_reset", "password_reset_made", "password_link"}},
	{"refused", refusals},
	{"members", []string{
		"set_up", "member_invited", "invitation_withdrawn", "member_joined", "member_removed",
		"role_admin", "role_publisher", "role_writer", "role_viewer",
	}},
	{"accounts", []string{
		"account_connected", "account_reconnected", "account_disconnected", "account_asks", "account_sends_again",
		"account_numbers_useful", "account_numbers_weekly", "account_numbers_asked", "app_saved", "app_deleted",
	}},
	{"posts", []string{
		"post_scheduled", "post_moved", "post_unscheduled", "post_deleted", "post_published", "post_said_there", "post_said_missing",
		"post_sent_now", "post_retimed", "post_left_out", "posts_held", "posts_released",
	}},
	{"club", []string{"club_made", "club_changed", "practice_on", "practice_off", "export"}},
}

// refusals are what people did who did not prove who they are.
var refusals = []string{"signin_failed", "signin_locked", "cross_site", "invitation_missed", "invitation_locked", "setup_locked"}

// recordShown is how many lines are on a page.
const recordShown = 50

// showRecord lists who did what: for Admins.
func (s *Server) showRecord(c echo.Context) error {
	ctx := c.Request().Context()
	page := people.RecordPage{Page: s.page(c, "settings", t(c, "record_title")), Person: c.QueryParam("person"), Kind: c.QueryParam("kind")}
	q := store.RecordQuery{Limit: recordShown + 1, PersonID: parseID(page.Person)}
	page.Kinds = []ui.Option{{Label: t(c, "record_all_kinds")}}
	for _, k := range recordKinds {
		page.Kinds = append(page.Kinds, ui.Option{Value: k.name, Label: t(c, "record_kind_"+k.name)})
		if k.name == page.Kind {
			q.Actions = k.actions
		}
	}
	if at, number, ok := strings.Cut(c.QueryParam("before"), "."); ok {
		ms, err := strconv.ParseInt(at, 10, 64)
		n, nerr := strconv.ParseInt(number, 10, 64)
		if err == nil && nerr == nil {
			q.BeforeAt, q.BeforeID = time.UnixMilli(ms), n
		}
	}
	members, err := s.DB.Members(ctx, who(c).Club.ID)
	if err != nil {
		return err
	}
	page.People = []ui.Option{{Label: t(c, "record_everybody")}}
	for _, m := range members {
		page.People = append(page.People, ui.Option{Value: strconv.FormatInt(m.PersonID, 10), Label: m.Name})
	}
	lines, err := s.DB.Record(ctx, scope(c), q)
	if err != nil {
		return err
	}
	if len(lines) > recordShown {
		lines = lines[:recordShown]
		last := lines[recordShown-1]
		page.Earlier = "/settings/record?" + url.Values{
			"person": {page.Person}, "kind": {page.Kind}, "before": {fmt.Sprintf("%d.%d", last.At.UnixMilli(), last.ID)},
		}.Encode()
	}
	zone := s.zone(c)
	for _, l := range lines {
		day := i18n.DayYear(ctx, l.At.In(zone))
		if n := len(page.Days); n == 0 || page.Days[n-1].Name != day {
			page.Days = append(page.Days, people.RecordDay{Name: day})
		}
		d := &page.Days[len(page.Days)-1]
		d.Lines = append(d.Lines, s.recordLine(c, l))
	}
	return s.render(c, http.StatusOK, people.Record(page))
}

// recordLine is one line of the record in words.
func (s *Server) recordLine(c echo.Context, l store.RecordLine) people.RecordLine {
	out := people.RecordLine{
		Time: i18n.Clock(c.Request().Context(), s.local(c, l.At)), Stamp: l.At.UTC().Format(time.RFC3339),
		From: t(c, "record_from", "address", l.Origin), Trouble: slices.Contains(refusals, l.Action),
	}
	if l.Origin == "engine" || l.Origin == "console" {
		out.From = t(c, "record_from_"+l.Origin)
	}
	key, name, object := "audit_"+l.Action, l.PersonName, l.Object
	switch {
	case name == "" && slices.Contains([]string{"signin_failed", "signin_locked"}, l.Action):
		key += "_unknown"
	case object == "" && l.Action == "cross_site":
		key += "_unknown"
	case name == "":
		name = t(c, "record_bandstand")
	}
	if strings.HasPrefix(l.Action, "account_") {
		platform, id, _ := strings.Cut(object, " ")
		object = t(c, "account_on", "account", cmp.Or(l.Account, id), "platform", s.platformName(c, platforms.ID(platform)))
	}
	if strings.HasPrefix(l.Action, "post_") {
		number, _, _ := strings.Cut(object, " ")
		number = strings.TrimSuffix(number, ":")
		object = t(c, "record_post", "n", number)
		if l.PostID != 0 {
			out.Href, out.Link = "/posts/"+number, cmp.Or(l.Excerpt, object)
			object = ""
		}
	}
	out.Text = strings.TrimSpace(t(c, key, "who", name, "object", object))
	return out
}
