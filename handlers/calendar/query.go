package calendar

import (
	"net/url"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/calendar"
)

const calendarPath = "/calendar"

// query is which part of the calendar an address shows. What is not
// understood is left out, so that an old bookmark still opens.
type query struct {
	view     string
	date     string // 2026-11-24; empty: today
	until    string // day before which a list ends that somebody has unrolled
	account  int64
	campaign int64
	who      int64
	status   club.Status
	print    bool
}

func readQuery(v url.Values) query {
	q := query{account: web.ParseID(v.Get("account")), campaign: web.ParseID(v.Get("campaign")), who: web.ParseID(v.Get("who")), print: v.Get("print") != ""}
	if view := v.Get("view"); view == calendar.Month || view == calendar.List {
		q.view = view
	}
	if _, err := web.ParseDate(v.Get("date")); err == nil {
		q.date = v.Get("date")
	}
	if _, err := web.ParseDate(v.Get("until")); err == nil {
		q.until = v.Get("until")
	}
	for _, s := range statusChoices {
		if v.Get("status") == string(s) {
			q.status = s
		}
	}
	return q
}

// statusChoices are the states posts can be filtered by.
var statusChoices = []club.Status{club.Draft, club.Scheduled, club.Publishing, club.Published, club.Failed, club.NeedsAttention}

// path is the address that shows this.
func (q query) path() string {
	v := url.Values{}
	set := func(key, value string) {
		if value != "" && value != "0" {
			v.Set(key, value)
		}
	}
	set("view", q.view)
	set("date", q.date)
	set("until", q.until)
	set("account", strconv.FormatInt(q.account, 10))
	set("campaign", strconv.FormatInt(q.campaign, 10))
	set("who", strconv.FormatInt(q.who, 10))
	set("status", string(q.status))
	if q.print {
		v.Set("print", "1")
	}
	if len(v) == 0 {
		return calendarPath
	}
	return calendarPath + "?" + v.Encode()
}

// on returns the same calendar at another date.
func (q query) on(d time.Time) query {
	q.date, q.until = d.Format(time.DateOnly), ""
	return q
}

// as returns the same calendar in another view.
func (q query) as(view string) query {
	q.view, q.until = view, ""
	return q
}

// clear returns the same calendar without filters.
func (q query) clear() query {
	return query{view: q.view, date: q.date}
}

// filters counts the filters that are set.
func (q query) filters() int {
	n := 0
	for _, on := range []bool{q.account != 0, q.campaign != 0, q.who != 0, q.status != ""} {
		if on {
			n++
		}
	}
	return n
}

// matches tells whether the filters let a post through.
func (q query) matches(p store.CalendarPost, status club.Status) bool {
	if (q.campaign != 0 && p.CampaignID != q.campaign) || (q.who != 0 && p.AuthorID != q.who) || (q.status != "" && status != q.status) {
		return false
	}
	if q.account == 0 {
		return true
	}
	for _, d := range p.Deliveries {
		if d.ConnectionID == q.account && d.Status != club.Cancelled {
			return true
		}
	}
	return false
}

// backPath is the page a form belongs to: as it says itself, else where the
// browser says it is.
func backPath(c echo.Context) string {
	if p := web.LocalPath(c.FormValue("ctx")); p != "" {
		return p
	}
	for _, h := range []string{"HX-Current-URL", "Referer"} {
		u, err := url.Parse(c.Request().Header.Get(h))
		if err == nil && u.Host == c.Request().Host {
			if p := web.LocalPath(u.RequestURI()); p != "" && u.Path != c.Request().URL.Path {
				return p
			}
		}
	}
	return calendarPath
}

// calendarOf reads the calendar that a path of ours shows; false for other
// pages.
func calendarOf(path string) (query, bool) {
	u, err := url.Parse(path)
	if err != nil || u.Path != calendarPath {
		return query{}, false
	}
	return readQuery(u.Query()), true
}
