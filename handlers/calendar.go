package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/views/calendar"
)

// showCalendar shows a month or a list, as a page or, when people turn pages,
// as the part that changes.
func (s *Server) showCalendar(c echo.Context) error {
	m, err := s.newCalendar(c, readCalendarQuery(c.QueryParams()))
	if err != nil {
		return err
	}
	if same, err := s.unchanged(c, m.today.Format(dateLayout)); same || err != nil {
		return err
	}
	cal, err := m.whole()
	if err != nil {
		return err
	}
	frame := s.page(c, "calendar", t(c, "calendar_title", "month", cal.Month))
	if isHX(c) {
		c.Response().Header().Set("HX-Push-Url", m.q.path())
		cal.Title = frame.FullTitle(c.Request().Context())
		return s.render(c, http.StatusOK, calendar.Turned(cal))
	}
	return s.render(c, http.StatusOK, calendar.Show(calendar.Page{Frame: frame, Calendar: cal}))
}

// showCalendarChanges answers the question whether anything changed since the
// page was drawn: with nothing, or with the days as they are now.
func (s *Server) showCalendarChanges(c echo.Context) error {
	q, _ := calendarOf(c.QueryParam("ctx"))
	m, err := s.newCalendar(c, q)
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
	return s.render(c, http.StatusOK, calendar.Grid(cal.Body))
}

// showDay shows all posts of a day, as a page or dialog.
func (s *Server) showDay(c echo.Context) error {
	date, err := parseDate(c.Param("date"))
	if err != nil {
		return club.ErrNotFound
	}
	m, err := s.newCalendar(c, calendarQuery{view: calendar.List, date: c.Param("date"), print: true})
	if err != nil {
		return err
	}
	days, err := m.days(date, date.AddDate(0, 0, 1))
	if err != nil {
		return err
	}
	p := calendar.DayPage{
		Day: days[0], Back: calendarQuery{date: c.Param("date")}.path(), New: "/posts/new?date=" + c.Param("date"),
		Zone: i18n.Place(m.actor.Club.Zone), Sprite: m.sprite(),
	}
	if isHX(c) {
		return s.render(c, http.StatusOK, calendar.DayDialog(p))
	}
	p.Frame = s.page(c, "calendar", p.Day.Name)
	return s.render(c, http.StatusOK, calendar.ShowDay(p))
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
func (s *Server) showCalendarKeys(c echo.Context) error {
	keys := make([]calendar.Key, 0, len(calendarKeys))
	for _, k := range calendarKeys {
		keys = append(keys, calendar.Key{Names: k.names, Does: t(c, k.does)})
	}
	if isHX(c) {
		return s.render(c, http.StatusOK, calendar.KeysDialog(t(c, "keys_title"), keys))
	}
	return s.render(c, http.StatusOK, calendar.ShowKeys(s.page(c, "calendar", t(c, "keys_title")), keys))
}

// since names the state of the calendar: the club's changes and the day.
func (m *calendarMaker) since() string {
	return strconv.FormatInt(m.actor.Club.Changes, 10) + "." + m.today.Format(dateLayout)
}

// month is the first day of the month shown and of the one after it.
func (m *calendarMaker) month() (first, next time.Time) {
	d := m.today
	if m.q.date != "" {
		if chosen, err := parseDate(m.q.date); err == nil {
			d = chosen
		}
	}
	first = time.Date(d.Year(), d.Month(), 1, 0, 0, 0, 0, time.UTC)
	return first, first.AddDate(0, 1, 0)
}

// span is the days that the page shows: in a month whole weeks, in a list the
// days of the month.
func (m *calendarMaker) span() (from, to time.Time) {
	from, to = m.month()
	if m.q.view == calendar.List {
		return from, to
	}
	start := int(m.actor.Club.WeekStart)
	from = from.AddDate(0, 0, -(int(from.Weekday())-start+7)%7)
	to = to.AddDate(0, 0, (start-int(to.Weekday())+7)%7)
	return from, to
}
