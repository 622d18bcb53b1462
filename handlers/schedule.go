package handlers

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/platforms"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/layout"
	"github.com/bandstand-app/bandstand/views/posts"
)

// createSchedule puts a post on the calendar with what its form holds.
func (s *Server) createSchedule(c echo.Context) error {
	f, post, err := s.composing(c)
	if err != nil {
		return err
	}
	if post == nil {
		return club.ErrNotFound
	}
	d, err := s.deskFor(c, post, f.content)
	if err != nil {
		return err
	}
	return s.schedule(c, d, f, c.FormValue("next") == "1")
}

// schedule checks a form, saves it and puts it on the calendar. What must be
// fixed first is said at its field, and everything typed stays.
func (s *Server) schedule(c echo.Context, d *desk, f *composerForm, next bool) error {
	if !web.Actor(c).Role.Can(club.SchedulePosts) {
		return web.Forbidden(club.SchedulePosts)
	}
	f.pressed = true
	if f.large {
		return s.drawComposer(c, http.StatusUnprocessableEntity, d, f)
	}
	slot, err := s.checkSchedule(c, d, f)
	if err != nil {
		return err
	}
	if f.faults.Any() {
		return s.drawComposer(c, http.StatusUnprocessableEntity, d, f)
	}
	saved, err := s.DB.SchedulePost(c.Request().Context(), web.Scope(c), f.change(slot), web.Origin(c))
	if err != nil {
		return s.notSaved(c, d, f, err)
	}
	s.dropKept(c, f)
	return s.scheduled(c, f, saved, slot, next)
}

// checkSchedule is everything that must hold before a post is scheduled: the
// one checker, accounts that work, and a time to come.
func (s *Server) checkSchedule(c echo.Context, d *desk, f *composerForm) (club.Slot, error) {
	all, err := s.verdicts(c, d, f.content)
	if err != nil {
		return club.Slot{}, err
	}
	if len(all) == 0 {
		f.faults.Add("accounts", web.T(c, "problem_"+codeNoAccount))
	}
	for _, p := range s.previewOf(c, d, f, all).Must {
		if p.Field == "accounts" && len(all) == 0 {
			continue
		}
		text := p.Text
		if p.Account != "" {
			text = p.Account + ": " + text
		}
		f.faults.Add(p.Field, text)
	}
	slot, field, message := s.slotOf(c, f)
	switch {
	case field != "":
		f.faults.Add(field, message)
	case slot.At.IsZero():
		f.faults.Add("date", web.T(c, "time_missing"))
	case f.when == "now":
	case d.begun() && d.post.Planned.At.Equal(slot.At):
		// Its time stays, also when it has passed and only a part is left.
	case !slot.At.After(s.Now()):
		local := web.InZone(slot.At, slot.Zone)
		f.faults.Add("time", web.T(c, "time_past", "wish", i18n.When(c.Request().Context(), local), "place", i18n.Place(slot.Zone)))
	case slot.Note == club.SlotGap:
		f.faults.Add("time", web.T(c, "time_gap", "time", f.clock, "date", i18n.DayShort(c.Request().Context(), web.InZone(slot.At, slot.Zone)), "after", slot.Clock()))
	}
	return slot, nil
}

// undoBefore is how long before its time a post can still be taken back by one
// press.
const undoBefore = 60 // seconds

// scheduled says that it is done, once it is.
func (s *Server) scheduled(c echo.Context, f *composerForm, saved store.SavedPost, slot club.Slot, next bool) error {
	ctx := c.Request().Context()
	if f.when == "now" {
		s.Flash(c, "done", web.T(c, "publishing_now"))
		return web.SeeOther(c, web.PostPath(saved.ID))
	}
	if !slot.At.After(s.Now()) {
		s.Flash(c, "done", web.T(c, "post_updated"))
		return web.SeeOther(c, web.PostPath(saved.ID))
	}
	text := web.T(c, "scheduled_for", "when", i18n.When(ctx, web.InZone(slot.At, slot.Zone)))
	if slot.Note == club.SlotTwice {
		text += " " + web.T(c, "time_twice", "time", slot.Clock(), "date", i18n.DayShort(ctx, web.InZone(slot.At, slot.Zone)))
	}
	actions := []layout.FlashAction{{Label: web.T(c, "see_it"), Path: web.PostPath(saved.ID)}}
	if slot.At.Sub(s.Now()).Seconds() > undoBefore {
		actions = append([]layout.FlashAction{{Label: web.T(c, "undo"), Path: web.PostPath(saved.ID) + "/draft", Post: true}}, actions...)
	}
	s.FlashWith(c, "done", text, actions...)
	if !next {
		path, err := s.onCalendar(c, slot, saved.ID)
		if err != nil {
			return err
		}
		return web.SeeOther(c, path)
	}
	after := web.InZone(slot.At, slot.Zone).AddDate(0, 0, 1).Format(time.DateOnly)
	q := url.Values{"after": {after}, "time": {slot.Clock()}}
	if f.campaign != 0 && f.newLabel == "" {
		q.Set("campaign", strconv.FormatInt(f.campaign, 10))
	}
	return web.SeeOther(c, "/posts/new?"+q.Encode())
}

// createDraft takes a scheduled post back to a draft: the undo of scheduling.
func (s *Server) createDraft(c echo.Context) error {
	id := web.ParseID(c.Param("id"))
	if err := s.DB.BackToDraft(c.Request().Context(), web.Scope(c), id, web.Origin(c)); err != nil {
		return err
	}
	s.Flash(c, "done", web.T(c, "post_back_to_draft"))
	return web.SeeOther(c, web.PostPath(id)+"/edit")
}

// createAnswer is a person's decision on an account of a post that failed or
// needs attention, and on others with the same trouble.
func (s *Server) createAnswer(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	first, err := s.DB.Delivery(c.Request().Context(), web.Scope(c), c.Param("id"))
	if err != nil {
		return err
	}
	answer, key, err := s.answerOf(c)
	if err != nil {
		return s.answerAgain(c, first.PostID, err)
	}
	ids := []string{first.ID}
	for _, id := range form["also"] {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	if answer.Kind == club.PersonSendsNow {
		if err := s.checkDeliveries(c, first.PostID, ids); err != nil {
			return s.answerAgain(c, first.PostID, err)
		}
	}
	if err := s.DB.Answer(c.Request().Context(), web.Scope(c), answer, web.Origin(c), ids...); err != nil {
		return s.answerAgain(c, first.PostID, err)
	}
	kind, words := "done", web.T(c, key)
	if answer.Kind == club.PersonSendsNow {
		if kind, words, err = s.sentNowWords(c, first.ConnectionID); err != nil {
			return err
		}
	}
	s.Flash(c, kind, words)
	return web.SeeOther(c, web.PostPath(first.PostID)+"#delivery-"+first.ID)
}

// sentNowWords say what becomes of a post that is to go out now: it may have to wait
// for a limit of its platform.
func (s *Server) sentNowWords(c echo.Context, connection int64) (kind, words string, err error) {
	conn, err := s.DB.Connection(c.Request().Context(), web.Scope(c), connection)
	if err != nil {
		return "", "", err
	}
	if conn.BlockedUntil.After(s.Now()) {
		when := i18n.When(c.Request().Context(), s.Local(c, conn.BlockedUntil))
		return "note", web.T(c, "answered_now_waits", "platform", s.SiteName(c, conn.Account.Platform), "when", when), nil
	}
	return "done", web.T(c, "answered_now"), nil
}

// answerOf reads a decision, and the message that says it was carried out.
func (s *Server) answerOf(c echo.Context) (a store.Answer, key string, err error) {
	switch c.FormValue("answer") {
	case "there":
		address := c.FormValue("link")
		if l := linkOf(address); l != nil {
			address = l.URL
		} else if address != "" {
			return a, "", club.Fault("link", "problem_"+codeLinkForm)
		}
		return store.Answer{Kind: club.PersonFinds, URL: address}, "answered_there", nil
	case "missing":
		return store.Answer{Kind: club.PersonMisses}, "answered_missing", nil
	case "now":
		return store.Answer{Kind: club.PersonSendsNow}, "answered_now", nil
	case "retime":
		slot, err := s.answerSlot(c)
		return store.Answer{Kind: club.PersonRetimes, Due: slot.At}, "answered_retime", err
	case "discard":
		return store.Answer{Kind: club.PersonCancels}, "answered_discard", nil
	}
	return a, "", club.ErrNotFound
}

// answerAgain says why a decision could not be carried out, on the post's page:
// at the field, with what was typed, unless the post has moved on meanwhile.
func (s *Server) answerAgain(c echo.Context, post int64, err error) error {
	ce, ok := errors.AsType[*club.Error](err)
	if !ok || web.IsHX(c) {
		return err
	}
	switch {
	case ce.Code == club.Conflict:
		s.Flash(c, "problem", s.ProblemOf(c, err).Text)
		return web.SeeOther(c, web.PostPath(post))
	case ce.Code != club.Invalid && !club.Storage(err):
		return err
	}
	p, readErr := s.DB.Post(c.Request().Context(), web.Scope(c), post)
	if readErr != nil {
		return readErr
	}
	v, readErr := s.postView(c, p)
	if readErr != nil {
		return readErr
	}
	problem := s.ProblemOf(c, err)
	page := s.Page(c, "posts", web.PostTitle(c, p))
	page.Faults = []layout.Fault{v.Head.Refuse(c.Param("id"), ce.Field, problem.Text, posts.Answer{
		Link: c.FormValue("link"), Date: c.FormValue("date"), Clock: c.FormValue("time"), Retime: c.FormValue("answer") == "retime",
	})}
	return s.Render(c, problem.Status, posts.One(page, v))
}

// answerSlot reads the new time of a decision.
func (s *Server) answerSlot(c echo.Context) (club.Slot, error) {
	f := &composerForm{when: "time", date: c.FormValue("date"), clock: c.FormValue("time")}
	slot, field, message := s.slotOf(c, f)
	switch {
	case field != "":
		return slot, &club.Error{Code: club.Invalid, Field: field, Key: "answer_time", Args: map[string]string{"problem": message}}
	case !slot.At.After(s.Now()):
		return slot, club.Fault("time", "time_past", "wish", i18n.When(c.Request().Context(), web.InZone(slot.At, slot.Zone)), "place", i18n.Place(slot.Zone))
	}
	return slot, nil
}

// checkDeliveries asks the one checker before a post is tried again.
func (s *Server) checkDeliveries(c echo.Context, post int64, ids []string) error {
	p, err := s.DB.Post(c.Request().Context(), web.Scope(c), post)
	if err != nil {
		return err
	}
	desk, err := s.deskFor(c, &p, p.Live.Content)
	if err != nil {
		return err
	}
	all, err := s.verdicts(c, desk, p.Live.Content)
	if err != nil {
		return err
	}
	for i := range all {
		v := &all[i]
		if !slices.ContainsFunc(p.Deliveries, func(d store.PostDelivery) bool { return d.ConnectionID == v.conn.ID && slices.Contains(ids, d.ID) }) {
			continue
		}
		problems := v.problems
		if !v.conn.Usable() && v.conn.Health != club.Paused { // a post may wait for an update
			problems = []platforms.Problem{{Code: codeReconnect, Severity: platforms.MustFix}}
		}
		for _, q := range problems {
			if q.Severity == platforms.MustFix {
				return &club.Error{Code: club.Conflict, Key: "answer_problem", Args: map[string]string{"problem": s.problemText(c, q, v)}}
			}
		}
	}
	return nil
}

// freeTime is the next time, from a moment on, at which these accounts have no
// other post near a clock time.
func (s *Server) freeTime(c echo.Context, post int64, accounts []int64, clock string, from time.Time) (club.Slot, error) {
	zone := web.Actor(c).Club.Zone
	taken, err := s.DB.PlannedFor(c.Request().Context(), web.Scope(c), post, accounts, s.Now().Add(-club.CloseWithin))
	if err != nil {
		return club.Slot{}, err
	}
	planned, err := club.NewSlot(web.InZone(from, zone).Format(time.DateOnly), clock, zone)
	if err != nil {
		return club.Slot{}, err
	}
	return club.NextFree(planned, zone, taken, from)
}
