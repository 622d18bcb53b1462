// Package calendar shows what a club has planned, as a month and as a list, and moves
// posts on it.
package calendar

import (
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/views/calendar"
)

// Room answers for the calendar.
type Room struct {
	*web.App
	Planning planning.Desk

	realMarks, practiceMarks func() string
}

// New returns the room of an app.
func New(app *web.App, desk planning.Desk) *Room {
	return &Room{App: app, Planning: desk, realMarks: marksOf(app.Real), practiceMarks: marksOf(app.Practice)}
}

// Routes returns the addresses of the room.
func (room *Room) Routes() []web.Route {
	return []web.Route{
		web.Get("/calendar", club.ViewClub, room.showCalendar, web.Heavy),
		web.Get("/calendar/day/:date", club.ViewClub, room.showDay),
		web.Get("/calendar/changes", club.ViewClub, room.showCalendarChanges, web.Heavy|web.Poll),
		web.Get("/calendar/agenda", club.ViewClub, room.showAgenda, web.Heavy),
		web.Get("/calendar/keys", club.ViewClub, room.showCalendarKeys),
		web.Get("/posts/:id/move", club.WritePosts, room.showMove),
		web.Post("/posts/:id/move", club.WritePosts, room.createMove),
	}
}

// showCalendar shows a month or a list, as a page or, when people turn pages,
// as the part that changes.
func (room *Room) showCalendar(c echo.Context) error {
	m, err := room.newMaker(c, readQuery(c.QueryParams()))
	if err != nil {
		return err
	}
	if same, err := room.Unchanged(c, m.today.Format(time.DateOnly)); same || err != nil {
		return err
	}
	cal, err := m.whole()
	if err != nil {
		return err
	}
	frame := room.Page(c, "calendar", web.T(c, "calendar_title", "period", cal.Period))
	if web.IsHX(c) {
		c.Response().Header().Set("HX-Push-Url", m.q.path())
		cal.Title = frame.FullTitle(c.Request().Context())
		return room.Render(c, http.StatusOK, calendar.Turned(cal))
	}
	return room.Render(c, http.StatusOK, calendar.Show(calendar.Page{Frame: frame, Calendar: cal}))
}

// showCalendarChanges answers the question whether anything changed since the
// page was drawn: with nothing, or with the days as they are now.
func (room *Room) showCalendarChanges(c echo.Context) error {
	q, ok := calendarOf(web.CurrentPath(c)) // with what was unrolled since
	if !ok {
		q, _ = calendarOf(c.QueryParam("ctx"))
	}
	m, err := room.newMaker(c, q)
	if err != nil {
		return err
	}
	if c.QueryParam("since") == m.since() {
		return c.NoContent(http.StatusNoContent)
	}
	cal, err := m.whole()
	if err != nil {
		return err
	}
	return room.Render(c, http.StatusOK, calendar.Grid(cal.Body))
}

// showDay shows all posts of a day, as a page or dialog.
func (room *Room) showDay(c echo.Context) error {
	date, err := web.ParseDate(c.Param("date"))
	if err != nil {
		return club.ErrNotFound
	}
	m, err := room.newMaker(c, query{view: calendar.List, date: c.Param("date"), print: true})
	if err != nil {
		return err
	}
	days, err := m.days(date, date.AddDate(0, 0, 1))
	if err != nil {
		return err
	}
	p := calendar.DayPage{
		Day: days[0], Back: query{date: c.Param("date")}.path(), New: "/posts/new?date=" + c.Param("date"),
		Zone: i18n.Place(m.actor.Club.Zone), Sprite: m.sprite(),
	}
	if web.IsHX(c) {
		return room.Render(c, http.StatusOK, calendar.DayDialog(p))
	}
	p.Frame = room.Page(c, "calendar", p.Day.Name)
	return room.Render(c, http.StatusOK, calendar.ShowDay(p))
}

// calendarKeys are the keys of the calendar, and the messages that say what
// they do.
var calendarKeys = []struct {
	names []string
	does  string
}{
	{[]string{"t"}, "keys_today"},
	{[]string{"m"}, "keys_month"},
	{[]string{"l"}, "keys_list"},
	{[]string{"n", "j"}, "keys_next"},
	{[]string{"p", "k"}, "keys_previous"},
	{[]string{"c"}, "keys_new"},
	{[]string{"r"}, "keys_move"},
	{[]string{"e"}, "keys_edit"},
	{[]string{"← ↑ → ↓"}, "keys_arrows"},
	{[]string{"?"}, "keys_help"},
}

// showCalendarKeys lists the keys, as a page or dialog.
func (room *Room) showCalendarKeys(c echo.Context) error {
	keys := make([]calendar.Key, 0, len(calendarKeys))
	for _, k := range calendarKeys {
		keys = append(keys, calendar.Key{Names: k.names, Does: web.T(c, k.does)})
	}
	if web.IsHX(c) {
		return room.Render(c, http.StatusOK, calendar.KeysDialog(web.T(c, "keys_title"), keys))
	}
	return room.Render(c, http.StatusOK, calendar.ShowKeys(room.Page(c, "calendar", web.T(c, "keys_title")), keys))
}

// since names the state of the calendar: the club's changes and the day.
func (m *maker) since() string {
	return strconv.FormatInt(m.actor.Club.Changes, 10) + "." + m.today.Format(time.DateOnly)
}

// start is the day that the address asks for, or today.
func (m *maker) start() time.Time {
	if chosen, err := web.ParseDate(m.q.date); err == nil {
		return chosen
	}
	return m.today
}

// month is the first day of the month shown and of the one after it.
func (m *maker) month() (first, next time.Time) {
	d := m.start()
	first = time.Date(d.Year(), d.Month(), 1, 0, 0, 0, 0, time.UTC)
	return first, first.AddDate(0, 1, 0)
}

// isMonth reports whether the page has a table of whole weeks.
func (m *maker) isMonth() bool { return m.q.view != calendar.List }

// weekOf is the first day of a day's week.
func (m *maker) weekOf(d time.Time) time.Time {
	return d.AddDate(0, 0, -(int(d.Weekday())-int(m.actor.Club.WeekStart)+7)%7)
}

// How far the calendar looks ahead.
const (
	weeksAhead = 4              // that the present month shows at least, and a list unrolls at once
	mostAhead  = 366            // days that a list unrolls
	daysAhead  = 7 * weeksAhead // weeksAhead in days
)

// table is the whole weeks of the month. The present month runs on over its end,
// so that on its last day the coming weeks are there.
func (m *maker) table() (from, to time.Time) {
	first, next := m.month()
	from, to = m.weekOf(first), m.weekOf(next.AddDate(0, 0, 6))
	if ahead := m.weekOf(m.today).AddDate(0, 0, daysAhead); m.isNow() && !m.q.print && ahead.After(to) {
		to = ahead
	}
	return from, to
}

// isNow reports whether today is in the month shown.
func (m *maker) isNow() bool {
	first, next := m.month()
	return !m.today.Before(first) && m.today.Before(next)
}

// span is the days that the page holds: those of the table, or of a list from
// its start on, and what somebody has unrolled below.
func (m *maker) span() (from, to time.Time) {
	if m.isMonth() {
		from, to = m.table()
	} else {
		from = m.start()
		to = from.AddDate(0, 0, daysAhead)
	}
	if until, err := web.ParseDate(m.q.until); err == nil && m.q.view != calendar.Month && until.After(to) && until.Before(from.AddDate(0, 0, mostAhead)) {
		to = until
	}
	return from, to
}

// OnCalendar is where the calendar shows a post: as it opens, if that holds the
// post's day, or else the month of it.
func (room *Room) OnCalendar(c echo.Context, slot club.Slot, post int64) (string, error) {
	if slot.At.IsZero() {
		return calendarPath, nil
	}
	m, err := room.newMaker(c, query{})
	if err != nil {
		return "", err
	}
	day, err := web.ParseDate(slot.Date())
	if err != nil {
		return "", err
	}
	if from, to := m.span(); day.Before(from) || !day.Before(to) {
		m.q = m.q.on(day)
	}
	return m.q.path() + "#card-" + strconv.FormatInt(post, 10), nil
}

// showAgenda unrolls more of a list: the days from one on, until there is at
// least one post or none is left.
func (room *Room) showAgenda(c echo.Context) error {
	from, err := web.ParseDate(c.QueryParam("from"))
	if err != nil {
		return club.ErrNotFound
	}
	q, _ := calendarOf(c.QueryParam("ctx"))
	if here, ok := calendarOf(web.CurrentPath(c)); ok {
		q = here
	}
	m, err := room.newMaker(c, q)
	if err != nil {
		return err
	}
	to, err := m.unrolled(from)
	if err != nil {
		return err
	}
	days, err := m.days(from, to)
	if err != nil {
		return err
	}
	later, err := m.later(to)
	if err != nil {
		return err
	}
	m.q.until = to.Format(time.DateOnly)
	c.Response().Header().Set("HX-Replace-Url", m.q.path())
	return room.Render(c, http.StatusOK, calendar.Unrolled(days, later))
}

// unrolled is the end of what a list shows next from a day on.
func (m *maker) unrolled(from time.Time) (time.Time, error) {
	to := from.AddDate(0, 0, daysAhead)
	next, err := m.nextPlanned(from)
	if !next.IsZero() && !next.Before(to) {
		to = next.AddDate(0, 0, 7)
	}
	return to, err
}

// nextPlanned is the club's day of the first post from a day on, or zero.
func (m *maker) nextPlanned(from time.Time) (time.Time, error) {
	span, err := m.spanOf(from, from)
	if err != nil {
		return time.Time{}, err
	}
	at, err := m.room.DB.NextPlanned(m.ctx, web.Scope(m.c), span.From)
	if err != nil || at.IsZero() {
		return time.Time{}, err
	}
	y, mo, d := at.In(m.zone).Date()
	return time.Date(y, mo, d, 0, 0, 0, 0, time.UTC), nil
}

// later is how a list goes on from a day: by itself where scripts run, by a link
// elsewhere.
func (m *maker) later(from time.Time) (calendar.Later, error) {
	next, err := m.nextPlanned(from)
	if err != nil || next.IsZero() {
		return calendar.Later{}, err
	}
	key := from.Format(time.DateOnly)
	l := calendar.Later{Path: m.q.as(calendar.List).on(next).path()}
	if next.Before(m.start().AddDate(0, 0, mostAhead-7)) {
		l.Path = m.q.as(calendar.List).on(from).path()
		l.More = "/calendar/agenda?" + url.Values{"from": {key}, "ctx": {m.q.path()}}.Encode()
	}
	return l, nil
}
