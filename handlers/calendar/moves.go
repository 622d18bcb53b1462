package calendar

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/calendar"
	"github.com/bandstand-app/bandstand/views/layout"
)

// move is one request to move a post, and what is known about it.
type move struct {
	room    *Room
	c       echo.Context
	cal     *maker // of the page the request came from
	onCal   bool   // that page is the calendar
	back    string // its path
	post    store.MovingPost
	op      string
	version int64
	via     string
	from    string // day on which the page shows the post, "tray", or empty
	wish    wish
}

// wish is where the post shall go, as it was sent.
type wish struct {
	to          string // choice of the dialog
	date, clock string
	zone        string
	off         bool // take it off the calendar
	second      bool // the later of two equal wall times
	again       bool // what failed may be tried again
	undo        bool
}

func (room *Room) newMove(c echo.Context) (*move, error) {
	mv := &move{room: room, c: c, back: backPath(c), op: c.FormValue("op"), version: web.ParseID(c.FormValue("version")), via: "page", from: c.FormValue("from")}
	for _, v := range []string{"drag", "keys", "menu"} {
		if c.FormValue("via") == v {
			mv.via = v
		}
	}
	q, onCal := calendarOf(mv.back)
	mv.onCal = onCal
	var err error
	if mv.cal, err = room.newMaker(c, q); err != nil {
		return nil, err
	}
	mv.post, err = room.DB.MovingPost(c.Request().Context(), web.Scope(c), web.ParseID(c.Param("id")))
	if mv.post.Excerpt == "" {
		mv.post.Excerpt = web.T(c, "calendar_no_text")
	}
	mv.wish = wish{
		to: c.FormValue("to"), date: c.FormValue("to_date"), clock: c.FormValue("to_time"), zone: c.FormValue("tz"),
		off: c.FormValue("unschedule") != "", second: c.FormValue("second") != "", again: c.FormValue("again") != "", undo: c.FormValue("undo") != "",
	}
	switch to := mv.wish.to; {
	case to == "off":
		mv.wish.off = true
	case len(to) == len("2006-01-02T15:04"):
		mv.wish.date, mv.wish.clock = to[:10], to[11:]
	}
	return mv, err
}

// showMove asks where a post shall go.
func (room *Room) showMove(c echo.Context) error {
	mv, err := room.newMove(c)
	if err != nil {
		return err
	}
	if mv.post.Deleted {
		return club.ErrNotFound
	}
	form := mv.form()
	if err := mv.check(); err != nil {
		if club.CodeOf(err) != club.Conflict {
			return err
		}
		form.Refused = mv.words(err)
	}
	return mv.show(http.StatusOK, form)
}

// createMove gives a post another time, or none. Form, drag, keys and menu all
// send this one request.
func (room *Room) createMove(c echo.Context) error {
	mv, err := room.newMove(c)
	if err != nil {
		return err
	}
	done, err := room.Planning.Move(c.Request().Context(), web.By(c), planning.MoveRequest{
		Post: mv.post, Version: mv.version, Op: mv.op, Wish: mv.asked(), Again: mv.wish.again, Via: mv.via,
	})
	mv.post, mv.wish.clock = done.Post, done.Wish.Clock
	if err != nil {
		return mv.failed(err)
	}
	switch done.Outcome {
	case planning.Deleted:
		return mv.gone()
	case planning.Stale:
		return mv.conflict(done)
	case planning.Same:
		return mv.same()
	case planning.Asks:
		return mv.askAgain(done.To)
	case planning.Done:
	}
	return mv.done(done.Moved)
}

// asked is the wish in the words of planning.
func (mv *move) asked() planning.Wish {
	w := planning.Wish{Choice: planning.AtTime, Date: mv.wish.date, Clock: mv.wish.clock, Zone: mv.wish.zone, Second: mv.wish.second}
	if mv.wish.off {
		w.Choice = planning.AtNoTime
	}
	return w
}

// failed answers a move that was not done.
func (mv *move) failed(err error) error {
	fault, _ := errors.AsType[*club.Error](err)
	switch code := club.CodeOf(err); {
	case code == club.Conflict, code == club.Forbidden:
		return mv.refused(err)
	case code == club.Invalid:
		return mv.wrong(fault)
	case club.Storage(err) && !web.IsHX(mv.c):
		p := mv.room.ProblemOf(mv.c, err)
		f := mv.formSaying(p.Text)
		f.To, f.Date, f.Time = "other", mv.wish.date, mv.wish.clock
		return mv.show(p.Status, *f)
	}
	return err
}

func (mv *move) asks() club.MoveWish {
	a := web.Actor(mv.c)
	return mv.post.Wish(a.Role, a.Person.ID)
}

func (mv *move) check() error { return mv.asks().Check() }

// when writes a slot in the club's zone.
func (mv *move) when(s club.Slot) string {
	return i18n.When(mv.c.Request().Context(), s.At.In(mv.cal.zone))
}

// words is what an error says to people.
func (mv *move) words(err error) string { return mv.room.ProblemOf(mv.c, err).Text }

// form is the empty dialog.
func (mv *move) form() calendar.MoveForm {
	a := web.Actor(mv.c)
	p := mv.post
	f := calendar.MoveForm{
		ID: p.ID, Version: p.Version, Op: store.NewID(), Zone: a.Club.Zone, Place: i18n.Place(a.Club.Zone), From: mv.place(), Ctx: mv.back, To: "other", Via: "page",
		Now: web.T(mv.c, "move_now_none"), Date: mv.cal.today.AddDate(0, 0, 1).Format(time.DateOnly), Time: planning.UsualClock,
	}
	if web.IsHX(mv.c) {
		f.Via = "menu"
	}
	if p.Planned.At.IsZero() {
		return f
	}
	at := p.Planned.At.In(mv.cal.zone)
	f.Now = web.T(mv.c, "move_now", "when", mv.when(p.Planned), "place", f.Place)
	f.Date, f.Time = at.Format(time.DateOnly), i18n.Clock(mv.c.Request().Context(), at)
	f.CanUnschedule = !mv.asks().Public()
	f.Choices = mv.choices(at, f.Time)
	return f
}

// choices are the usual wishes: beside the present day, or from today on if
// that is over.
func (mv *move) choices(at time.Time, clock string) []calendar.Choice {
	base, err := web.ParseDate(at.Format(time.DateOnly))
	if err != nil {
		return nil
	}
	laterKey := "move_day_later"
	if !base.After(mv.cal.today) {
		base, laterKey = mv.cal.today, "move_tomorrow"
	}
	var out []calendar.Choice
	for _, o := range []struct {
		id, key string
		days    int
	}{{"later", laterKey, 1}, {"week", "move_week_later", 7}, {"earlier", "move_day_earlier", -1}} {
		slot, err := club.NewSlot(base.AddDate(0, 0, o.days).Format(time.DateOnly), clock, mv.cal.actor.Club.Zone)
		if err != nil || slot.Note == club.SlotGap || !slot.At.After(mv.room.Now()) {
			continue
		}
		out = append(out, calendar.Choice{ID: o.id, Value: slot.Local, Label: web.T(mv.c, o.key, "when", mv.when(slot))})
	}
	return out
}

// show draws the dialog or its page.
func (mv *move) show(status int, f calendar.MoveForm) error {
	title := mv.title()
	if web.IsHX(mv.c) {
		return mv.room.Render(mv.c, status, calendar.MoveDialog(title, f))
	}
	page := mv.room.Page(mv.c, "calendar", title)
	if f.DateError != "" {
		page.Faults = append(page.Faults, layout.Fault{Field: "to_date", Text: f.DateError})
	}
	if f.TimeError != "" {
		page.Faults = append(page.Faults, layout.Fault{Field: "to_time", Text: f.TimeError})
	}
	return mv.room.Render(mv.c, status, calendar.ShowMove(page, f))
}

// titleRunes is how much of a post's text a title shows.
const titleRunes = 40

// title names the post that is moved.
func (mv *move) title() string {
	name := mv.post.Excerpt
	if r := []rune(name); len(r) > titleRunes {
		name = strings.TrimRight(string(r[:titleRunes]), " ,.;:–-") + "…"
	}
	return web.T(mv.c, "move_title", "post", name)
}

// offer is a move behind one button, with a key of its own.
func (mv *move) offer(label string) calendar.Offer {
	return calendar.Offer{
		ID: mv.post.ID, Version: mv.post.Version, Op: store.NewID(), Zone: mv.cal.actor.Club.Zone, From: mv.place(), Ctx: mv.back, Label: label,
	}
}

// place is where a page that is drawn now shows the post.
func (mv *move) place() string {
	if key := dateKey(mv.post.Planned, mv.cal.zone); key != "" {
		return key
	}
	return inTray
}

// inTray is the place of a post without a time.
const inTray = "tray"

// to makes an offer lead to a slot.
func to(o calendar.Offer, s club.Slot) *calendar.Offer {
	o.Date, o.Time = s.Date(), s.Clock()
	return &o
}

func (mv *move) trigger(event string) {
	mv.c.Response().Header().Set("HX-Trigger",
		`{"`+event+`":{"id":`+strconv.FormatInt(mv.post.ID, 10)+`,"version":`+strconv.FormatInt(mv.post.Version, 10)+`}}`)
}
