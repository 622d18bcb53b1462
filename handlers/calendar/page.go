package calendar

import (
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/views/calendar"
)

// whole makes the calendar with everything around it.
func (m *maker) whole() (calendar.Calendar, error) {
	var err error
	if m.people, err = m.room.DB.Members(m.ctx, m.actor.Club.ID); err != nil {
		return calendar.Calendar{}, err
	}
	if err := m.loadCampaigns(); err != nil {
		return calendar.Calendar{}, err
	}
	from, to := m.span()
	days, err := m.days(from, to)
	if err != nil {
		return calendar.Calendar{}, err
	}
	total := 0
	for _, d := range days {
		if !d.Out && (!d.Listed || !m.isMonth()) {
			total += d.Total
		}
	}
	first, next := m.month()
	cal := calendar.Calendar{
		View: m.q.view, Period: i18n.Month(m.ctx, first), Count: m.count(total), Zone: i18n.Place(m.actor.Club.Zone), ZoneName: m.actor.Club.Zone,
		Sprite: m.sprite(), CanWrite: m.actor.Role.Can(club.WritePosts),
	}
	if !m.isMonth() {
		cal.Period = web.T(m.c, "calendar_from", "day", m.dayName(from))
	}
	cal.Links = m.links(first, next)
	cal.Filter = m.filter()
	cal.Empty = calendar.Empty{NoAccounts: len(m.accounts) == 0, NoMatch: total == 0 && cal.Filter.On > 0, NoPosts: total == 0 && m.isMonth()}
	if cal.Steps, err = m.steps(); err != nil {
		return cal, err
	}
	cal.Body = calendar.Body{View: m.q.view, Period: cal.Period, Poll: m.poll(), Weekdays: m.weekdays(), HidePast: m.isNow() && m.q.view == calendar.Auto, New: cal.Links.New, CanWrite: cal.CanWrite}
	cal.Body.Days, cal.Body.Listed = m.split(days)
	if m.q.print {
		cal.Print = m.printHead(cal.Period)
		return cal, nil
	}
	if m.q.view != calendar.Month {
		if cal.Body.Later, err = m.later(to); err != nil {
			return cal, err
		}
		cal.Body.Earlier = cal.Links.Earlier
	}
	cal.Body.Tray, err = m.tray()
	return cal, err
}

// steps is the list of what to do first, for the admin of a club that has not
// done all of it.
func (m *maker) steps() (calendar.Steps, error) {
	if m.q.print || !m.actor.Role.Can(club.ManageClub) {
		return calendar.Steps{}, nil
	}
	f, err := m.room.DB.FirstSteps(m.ctx, web.Scope(m.c))
	if err != nil {
		return calendar.Steps{}, err
	}
	all := []calendar.Step{
		{Text: web.T(m.c, "steps_club"), Done: true},
		{Text: web.T(m.c, "steps_connect"), Done: f.Connected, Path: "/accounts/connect"},
		{Text: web.T(m.c, "steps_write"), Done: f.Written, Path: "/posts/new"},
		{Text: web.T(m.c, "steps_schedule"), Done: f.Scheduled, Path: "/posts"},
		{Text: web.T(m.c, "steps_invite"), Done: f.Invited, Path: "/settings/members"},
	}
	done := 0
	for i := range all {
		if all[i].Done {
			done++
		}
	}
	if done == len(all) {
		return calendar.Steps{}, nil
	}
	next := slices.IndexFunc(all, func(x calendar.Step) bool { return !x.Done })
	all[next].Next = true
	return calendar.Steps{All: all, Count: web.T(m.c, "steps_count", "n", strconv.Itoa(done), "all", strconv.Itoa(len(all)))}, nil
}

// split parts the days of the table from those of the list below it.
func (m *maker) split(days []calendar.Day) (table, listed []calendar.Day) {
	i := slices.IndexFunc(days, func(d calendar.Day) bool { return d.Listed })
	if i < 0 {
		return days, nil
	}
	return days[:i], days[i:]
}

func (m *maker) links(first, next time.Time) calendar.Links {
	prev := first.AddDate(0, -1, 0)
	here := m.q
	here.print = false
	today := here
	today.date, today.until = "", ""
	printed := m.q
	printed.print = true
	l := calendar.Links{
		Prev: here.on(prev).path(), Next: here.on(next).path(), Today: today.path(),
		PrevName: web.T(m.c, "calendar_previous", "month", i18n.Month(m.ctx, prev)), NextName: web.T(m.c, "calendar_next", "month", i18n.Month(m.ctx, next)),
		Month: here.as(calendar.Month).path(), List: here.as(calendar.List).path(), Print: printed.path(),
		Clear: here.clear().path(), New: "/posts/new", IsToday: m.isNow(),
	}
	from, to := m.span()
	if !m.isMonth() {
		prev, next = from.AddDate(0, 0, -daysAhead), from.AddDate(0, 0, daysAhead)
		l.Prev, l.Next, l.PrevName, l.NextName = here.on(prev).path(), here.on(next).path(), web.T(m.c, "calendar_weeks_earlier"), web.T(m.c, "calendar_weeks_later")
		l.IsToday = from.Equal(m.today)
	} else if m.isNow() {
		from = m.today
	}
	earlier := here.as(calendar.List).on(from.AddDate(0, 0, -daysAhead))
	earlier.until = to.Format(time.DateOnly)
	l.Earlier = earlier.path()
	if first.After(m.today) {
		l.New += "?date=" + first.Format(time.DateOnly)
	}
	return l
}

// poll is where the page asks for changes.
func (m *maker) poll() string {
	return "/calendar/changes?" + url.Values{"since": {m.since()}, "ctx": {m.q.path()}}.Encode()
}

func (m *maker) weekdays() []calendar.Weekday {
	out := make([]calendar.Weekday, 7)
	for i := range out {
		d := (m.actor.Club.WeekStart + time.Weekday(i)) % 7
		out[i] = calendar.Weekday{Short: i18n.Weekday(m.ctx, d), Long: i18n.WeekdayLong(m.ctx, d)}
	}
	return out
}

func (m *maker) printHead(month string) string {
	now := m.room.Now().In(m.zone)
	return web.T(m.c, "calendar_printed", "club", m.actor.Club.Name, "period", month, "when", i18n.WhenYear(m.ctx, now), "place", i18n.Place(m.actor.Club.Zone))
}

// filter makes the form above the calendar. A choice of one is no choice.
func (m *maker) filter() calendar.Filter {
	f := calendar.Filter{View: m.q.view, Date: m.q.date, On: m.q.filters()}
	add := func(name, value string, options []calendar.Option) {
		if len(options) < 2 && value == "" {
			return
		}
		s := calendar.Select{Name: name, Label: web.T(m.c, "calendar_filter_"+name), Options: []calendar.Option{{Label: web.T(m.c, "calendar_any_"+name)}}}
		for _, o := range options {
			o.On = o.Value == value
			s.Options = append(s.Options, o)
		}
		f.Selects = append(f.Selects, s)
	}
	var accounts, campaigns, statuses, people []calendar.Option
	for _, id := range m.accountOrder() {
		a := m.accounts[id]
		accounts = append(accounts, calendar.Option{Value: strconv.FormatInt(id, 10), Label: web.T(m.c, "calendar_account", "platform", a.platName, "name", a.name)})
	}
	for _, g := range m.campaignList {
		campaigns = append(campaigns, calendar.Option{Value: strconv.FormatInt(g.ID, 10), Label: g.Name})
	}
	for _, s := range statusChoices {
		statuses = append(statuses, calendar.Option{Value: string(s), Label: m.statuses[s]})
	}
	for _, p := range m.people {
		people = append(people, calendar.Option{Value: strconv.FormatInt(p.PersonID, 10), Label: p.Name})
	}
	add("account", orEmpty(m.q.account), accounts)
	add("campaign", orEmpty(m.q.campaign), campaigns)
	add("status", string(m.q.status), statuses)
	add("who", orEmpty(m.q.who), people)
	return f
}

// accountOrder lists connections by platform, then by age.
func (m *maker) accountOrder() []int64 {
	ids := make([]int64, 0, len(m.accounts))
	for id := range m.accounts {
		ids = append(ids, id)
	}
	m.sortAccounts(ids, m.actor.Club.Practice)
	return ids
}

func orEmpty(id int64) string {
	if id == 0 {
		return ""
	}
	return strconv.FormatInt(id, 10)
}
