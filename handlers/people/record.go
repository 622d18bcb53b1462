package people

import (
	"cmp"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/people"
	"github.com/bandstand-app/bandstand/views/ui"
)

// RecordKinds sorts what is recorded by what people look for. Every action has
// words in the catalogue, audit_<action>.
var RecordKinds = []RecordKind{
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

// RecordKind is a choice of what the record shows.
type RecordKind struct {
	Name    string // as the address spells it
	Actions []string
}

// refusals are what people did who did not prove who they are.
var refusals = []string{"signin_failed", "signin_locked", "cross_site", "invitation_missed", "invitation_locked", "setup_locked"}

// RecordShown is how many lines are on a page.
const RecordShown = 50

// showRecord lists who did what: for Admins.
func (room *Room) showRecord(c echo.Context) error {
	ctx := c.Request().Context()
	page := people.RecordPage{Page: room.Page(c, "settings", web.T(c, "record_title")), Person: c.QueryParam("person"), Kind: c.QueryParam("kind")}
	q := store.RecordQuery{Limit: RecordShown + 1, PersonID: web.ParseID(page.Person)}
	page.Kinds = []ui.Option{{Label: web.T(c, "record_all_kinds")}}
	for _, k := range RecordKinds {
		page.Kinds = append(page.Kinds, ui.Option{Value: k.Name, Label: web.T(c, "record_kind_"+k.Name)})
		if k.Name == page.Kind {
			q.Actions = k.Actions
		}
	}
	if at, number, ok := strings.Cut(c.QueryParam("before"), "."); ok {
		ms, err := strconv.ParseInt(at, 10, 64)
		n, nerr := strconv.ParseInt(number, 10, 64)
		if err == nil && nerr == nil {
			q.BeforeAt, q.BeforeID = time.UnixMilli(ms), n
		}
	}
	members, err := room.DB.Members(ctx, web.Actor(c).Club.ID)
	if err != nil {
		return err
	}
	page.People = []ui.Option{{Label: web.T(c, "record_everybody")}}
	for _, m := range members {
		page.People = append(page.People, ui.Option{Value: strconv.FormatInt(m.PersonID, 10), Label: m.Name})
	}
	lines, err := room.DB.Record(ctx, web.Scope(c), q)
	if err != nil {
		return err
	}
	if len(lines) > RecordShown {
		lines = lines[:RecordShown]
		last := lines[RecordShown-1]
		page.Earlier = "/settings/record?" + url.Values{
			"person": {page.Person}, "kind": {page.Kind}, "before": {fmt.Sprintf("%d.%d", last.At.UnixMilli(), last.ID)},
		}.Encode()
	}
	zone := room.Zone(c)
	for _, l := range lines {
		day := i18n.DayYear(ctx, l.At.In(zone))
		if n := len(page.Days); n == 0 || page.Days[n-1].Name != day {
			page.Days = append(page.Days, people.RecordDay{Name: day})
		}
		d := &page.Days[len(page.Days)-1]
		d.Lines = append(d.Lines, room.recordLine(c, l))
	}
	return room.Render(c, http.StatusOK, people.Record(page))
}

// recordLine is one line of the record in words.
func (room *Room) recordLine(c echo.Context, l store.RecordLine) people.RecordLine {
	out := people.RecordLine{
		Time: i18n.Clock(c.Request().Context(), room.Local(c, l.At)), Stamp: l.At.UTC().Format(time.RFC3339),
		From: web.T(c, "record_from", "address", l.Origin), Trouble: slices.Contains(refusals, l.Action),
	}
	if l.Origin == "engine" || l.Origin == "console" {
		out.From = web.T(c, "record_from_"+l.Origin)
	}
	key, name, object := "audit_"+l.Action, l.PersonName, l.Object
	switch {
	case name == "" && slices.Contains([]string{"signin_failed", "signin_locked"}, l.Action):
		key += "_unknown"
	case object == "" && l.Action == "cross_site":
		key += "_unknown"
	case name == "":
		name = web.T(c, "record_bandstand")
	}
	if strings.HasPrefix(l.Action, "account_") {
		platform, id, _ := strings.Cut(object, " ")
		object = web.T(c, "account_on", "account", cmp.Or(l.Account, id), "platform", room.PlatformName(c, platforms.ID(platform)))
	}
	if strings.HasPrefix(l.Action, "post_") {
		number, _, _ := strings.Cut(object, " ")
		number = strings.TrimSuffix(number, ":")
		object = web.T(c, "record_post", "n", number)
		if l.PostID != 0 {
			out.Href, out.Link = "/posts/"+number, cmp.Or(l.Excerpt, object)
			object = ""
		}
	}
	out.Text = strings.TrimSpace(web.T(c, key, "who", name, "object", object))
	return out
}
