package calendar

import (
	"net/http"
	"slices"
	"time"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/calendar"
)

// done answers a move that happened: the two days as they are now, and a way
// back.
func (mv *move) done(moved store.Moved) error {
	a := calendar.MoveAnswer{Kind: "done", Toast: mv.said(moved)}
	days, err := mv.truth(&a, moved.From, moved.To)
	if err != nil {
		return err
	}
	a.Say = mv.spoken(moved, days)
	mv.wayBack(&a, moved)
	switch key := dateKey(moved.To, mv.cal.zone); {
	case !mv.onCal || key == "":
	case !mv.shown(key):
		a.Link, a.LinkText = query{view: mv.cal.q.view, date: key}.path(), web.T(mv.c, "move_see_it")
	case !slices.Contains(mv.cal.seen, mv.post.ID):
		a.Toast = web.T(mv.c, "move_hidden", "text", a.Toast)
		a.Link, a.LinkText = mv.cal.q.clear().path(), web.T(mv.c, "move_show_it")
	}
	mv.trigger("bs:moved")
	return mv.answer(http.StatusOK, a, nil)
}

// said is the message after a move.
func (mv *move) said(moved store.Moved) string {
	if moved.To.At.IsZero() {
		return web.T(mv.c, "move_done_off")
	}
	key := "move_done"
	switch status := club.PostStatus(mv.post.Statuses); {
	case mv.wish.again:
		key = "move_done_again"
	case status == club.Draft:
		key = "move_done_draft"
	}
	text := web.T(mv.c, key, "when", mv.when(moved.To))
	if moved.To.Note == club.SlotTwice && !mv.wish.second {
		text = web.T(mv.c, "move_twice", "text", text, "time", moved.To.Clock())
	}
	return text
}

// wayBack offers to undo a move, where that brings back what was: not into the
// past, and not for what is a draft now or was tried again.
func (mv *move) wayBack(a *calendar.MoveAnswer, moved store.Moved) {
	if moved.Version != mv.post.Version {
		return
	}
	o := mv.offer(web.T(mv.c, "undo"))
	o.Undo, o.Small = true, true
	switch {
	case moved.To.Note == club.SlotTwice && !mv.wish.second:
		second := mv.offer(web.T(mv.c, "move_twice_second"))
		second.Second, second.Small = true, true
		a.Offer = to(second, moved.To)
	case mv.wish.again, moved.To.At.IsZero() && moved.Unscheduled:
	case moved.From.At.IsZero():
		a.Offer = &o
	case moved.From.At.After(mv.room.Now()):
		a.Offer = to(o, moved.From)
	}
}

// spoken is what a screen reader says after a move.
func (mv *move) spoken(moved store.Moved, days map[string]calendar.Day) string {
	from, target := dateKey(moved.From, mv.cal.zone), dateKey(moved.To, mv.cal.zone)
	name := func(key string) string {
		d, err := web.ParseDate(key)
		if err != nil {
			return ""
		}
		return mv.cal.dayName(d)
	}
	clock := i18n.Clock(mv.c.Request().Context(), moved.To.At.In(mv.cal.zone))
	switch {
	case target == "":
		return web.T(mv.c, "move_say_off", "post", mv.post.Excerpt, "from", name(from))
	case from == "":
		return web.T(mv.c, "move_say_planned", "post", mv.post.Excerpt, "to", name(target), "time", clock, "count", days[target].Count)
	}
	return web.T(mv.c, "move_say", "post", mv.post.Excerpt, "from", name(from), "to", name(target), "time", clock, "count", days[target].Count)
}

// same answers a wish that is true already.
func (mv *move) same() error {
	a := calendar.MoveAnswer{Kind: "note", Toast: web.T(mv.c, "move_same", "when", mv.when(mv.post.Planned))}
	if mv.post.Planned.At.IsZero() {
		a.Toast = web.T(mv.c, "move_now_none")
	}
	if _, err := mv.truth(&a, mv.post.Planned); err != nil {
		return err
	}
	return mv.answer(http.StatusOK, a, nil)
}

// askAgain asks before something that went wrong is sent again.
func (mv *move) askAgain(slot club.Slot) error {
	f := mv.form()
	f.Now = ""
	f.Note = web.T(mv.c, "move_again", "when", mv.when(slot))
	o := mv.offer(web.T(mv.c, "move_again_button", "when", mv.when(slot)))
	o.Again, o.Main, o.Second = true, true, mv.wish.second
	f.Ask = to(o, slot)
	a := calendar.MoveAnswer{Title: web.T(mv.c, "move_again_title")}
	if _, err := mv.truth(&a, mv.post.Planned, slot); err != nil {
		return err
	}
	return mv.answer(http.StatusOK, a, &f)
}

// conflict answers a wish that rests on an older version: who changed the post,
// and where it really is. Nothing is overwritten.
func (mv *move) conflict(done planning.MoveResult) error {
	p := mv.post
	at := i18n.Clock(mv.c.Request().Context(), p.ChangedAt.In(mv.cal.zone))
	a := calendar.MoveAnswer{Kind: "problem"}
	slot := done.To
	switch {
	case mv.wish.undo:
		a.Toast = web.T(mv.c, "move_undo_late")
	case p.Planned.At.IsZero():
		a.Toast = web.T(mv.c, "move_conflict_off", "person", p.ChangedBy, "time", at)
	default:
		a.Toast = web.T(mv.c, "move_conflict", "person", p.ChangedBy, "time", at, "when", mv.when(p.Planned))
	}
	if done.Fault == nil && !mv.wish.undo && !slot.At.Equal(p.Planned.At) {
		o := mv.offer(web.T(mv.c, "move_off_anyway"))
		if !slot.At.IsZero() {
			o = *to(mv.offer(web.T(mv.c, "move_anyway", "when", mv.when(slot))), slot)
			o.Second = mv.wish.second
		}
		o.Small = true
		a.Offer = &o
	}
	if _, err := mv.truth(&a, p.Planned, slot); err != nil {
		return err
	}
	mv.trigger("bs:conflict")
	return mv.answer(http.StatusConflict, a, mv.formSaying(a.Toast))
}

// refused answers a post that may not be moved, or not by this person.
func (mv *move) refused(err error) error {
	a := calendar.MoveAnswer{Kind: "problem", Toast: mv.words(err)}
	if _, err := mv.truth(&a, mv.post.Planned); err != nil {
		return err
	}
	if club.CodeOf(err) == club.Conflict {
		mv.trigger("bs:conflict")
	}
	f := mv.form()
	f.Refused = a.Toast
	return mv.answer(web.StatusOf[club.CodeOf(err)], a, &f)
}

// gone answers for a post that somebody deleted meanwhile.
func (mv *move) gone() error {
	at := i18n.Clock(mv.c.Request().Context(), mv.post.ChangedAt.In(mv.cal.zone))
	a := calendar.MoveAnswer{Kind: "problem", Toast: web.T(mv.c, "move_deleted", "person", mv.post.ChangedBy, "time", at)}
	if _, err := mv.truth(&a, mv.post.Planned); err != nil {
		return err
	}
	if !web.IsHX(mv.c) {
		return club.ErrNotFound
	}
	return mv.answer(http.StatusNotFound, a, nil)
}

// wrong answers a wish that cannot be: the dialog again, with what was wished
// and what is wrong with it.
func (mv *move) wrong(fault *club.Error) error {
	f := mv.form()
	f.To, f.Date, f.Time = "other", mv.wish.date, mv.wish.clock
	switch fault.Key {
	case planning.KeyDateUnreadable:
		f.DateError = web.T(mv.c, "move_date_wrong")
	case planning.KeyTimeGap:
		day, err := web.ParseDate(mv.wish.date)
		if err != nil {
			return err
		}
		f.TimeError, f.Offers = web.T(mv.c, "move_gap", "time", mv.wish.clock, "day", mv.cal.dayName(day)), mv.besideGap()
	case planning.KeyTimePast:
		f.TimeError = web.T(mv.c, "move_past")
	case planning.KeyZoneOther:
		f.TimeError = web.T(mv.c, "move_zone", "place", i18n.Place(mv.cal.actor.Club.Zone))
	default:
		f.TimeError = web.T(mv.c, "move_time_wrong")
	}
	var a calendar.MoveAnswer
	a.Title = mv.title()
	if _, err := mv.truth(&a, mv.post.Planned); err != nil {
		return err
	}
	return mv.answer(http.StatusUnprocessableEntity, a, &f)
}

// besideGap offers the times before and after the hour that does not exist.
func (mv *move) besideGap() []calendar.Offer {
	after, err := club.NewSlot(mv.wish.date, mv.wish.clock, mv.cal.actor.Club.Zone)
	if err != nil {
		return nil
	}
	wished, err := time.Parse("2006-01-02 15:04", mv.wish.date+" "+mv.wish.clock)
	if err != nil {
		return nil
	}
	shown, err := time.Parse("2006-01-02T15:04", after.Local)
	if err != nil {
		return nil
	}
	before, err := club.SlotAt(after.At.Add(-shown.Sub(wished)), after.Zone)
	if err != nil {
		return nil
	}
	var out []calendar.Offer
	for _, o := range []struct {
		slot club.Slot
		key  string
	}{{after, "move_gap_after"}, {before, "move_gap_before"}} {
		offer := to(mv.offer(web.T(mv.c, o.key, "time", o.slot.Clock())), o.slot)
		offer.Again = mv.wish.again
		out = append(out, *offer)
	}
	return out
}

func (mv *move) formSaying(note string) *calendar.MoveForm {
	f := mv.form()
	f.Note = note
	return &f
}

// shown tells whether the page holds a day.
func (mv *move) shown(key string) bool {
	d, err := web.ParseDate(key)
	from, to := mv.cal.span()
	return err == nil && !d.Before(from) && d.Before(to)
}

// truth fills in how the days of these slots, the place where the page shows the
// post, and the tray, are now: so that it is there once. Days that the page does
// not hold are left out of the answer, but returned.
func (mv *move) truth(a *calendar.MoveAnswer, slots ...club.Slot) (map[string]calendar.Day, error) {
	a.ID, a.View = mv.post.ID, mv.cal.q.view
	var dates []time.Time
	tray := mv.from == inTray
	if d, err := web.ParseDate(mv.from); err == nil {
		dates = append(dates, d)
	}
	for _, slot := range slots {
		d, err := web.ParseDate(dateKey(slot, mv.cal.zone))
		tray = tray || slot.At.IsZero()
		if err == nil && !slices.Contains(dates, d) {
			dates = append(dates, d)
		}
	}
	all, err := mv.cal.someDays(dates)
	if err != nil {
		return nil, err
	}
	days := map[string]calendar.Day{}
	for _, d := range all {
		days[d.Key] = d
		if mv.onCal && mv.shown(d.Key) {
			a.Days = append(a.Days, d)
		}
	}
	if !tray || !mv.onCal {
		return days, nil
	}
	a.Tray, err = mv.cal.tray()
	return days, err
}

// answer sends what came of a wish: fragments where htmx asked, else the page
// it came from, or the dialog's page with what is to be done.
func (mv *move) answer(status int, a calendar.MoveAnswer, f *calendar.MoveForm) error {
	if !web.IsHX(mv.c) {
		if status == http.StatusOK && f == nil {
			mv.room.Flash(mv.c, a.Kind, a.Toast)
			return web.SeeOther(mv.c, mv.back)
		}
		return mv.show(status, *f)
	}
	if status == http.StatusOK && f == nil && !mv.onCal {
		mv.room.Flash(mv.c, a.Kind, a.Toast)
		return web.SeeOther(mv.c, mv.back)
	}
	if a.Say == "" {
		a.Say = a.Toast
	}
	if f != nil && a.Toast == "" {
		mv.room.ToDialog(mv.c)
		a.Form = f
	}
	return mv.room.Render(mv.c, status, calendar.Answer(a))
}

// dateKey is the club's date of a slot, or empty.
func dateKey(s club.Slot, zone *time.Location) string {
	if s.At.IsZero() {
		return ""
	}
	return s.At.In(zone).Format(time.DateOnly)
}
