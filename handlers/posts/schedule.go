package posts

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
	"github.com/bandstand-app/bandstand/internal/planning"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/layout"
	"github.com/bandstand-app/bandstand/views/posts"
)

// createSchedule puts a post on the calendar with what its form holds.
func (room *Room) createSchedule(c echo.Context) error {
	f, post, err := room.composing(c)
	if err != nil {
		return err
	}
	if post == nil {
		return club.ErrNotFound
	}
	d, err := room.contextFor(c, post, f.content)
	if err != nil {
		return err
	}
	return room.schedule(c, d, f, c.FormValue("next") == "1")
}

// schedule checks a form, saves it and puts it on the calendar. What must be
// fixed first is said at its field, and everything typed stays.
func (room *Room) schedule(c echo.Context, d *composerContext, f *composerForm, next bool) error {
	actor := web.By(c)
	if !actor.Role.Can(club.SchedulePosts) {
		return club.NotAllowed(club.SchedulePosts)
	}
	f.pressed = true
	if f.large {
		return room.drawComposer(c, http.StatusUnprocessableEntity, d, f)
	}
	done, err := room.Planning.Schedule(c.Request().Context(), actor, planning.Request{
		Change: f.change(club.Slot{}), Wish: f.wish(), Stored: d.post, Material: d.material,
	})
	if err != nil {
		return room.notSaved(c, d, f, err)
	}
	if done.Blocked() {
		must, _ := room.problems(c, d, f, done.Prepared, done.Findings)
		for _, p := range room.oneEach(c, merged(must), len(done.Drafts)) {
			text := p.Text
			if p.Account != "" {
				text = p.Account + ": " + text
			}
			f.faults.Add(p.Field, text)
		}
		return room.drawComposer(c, http.StatusUnprocessableEntity, d, f)
	}
	room.dropKept(c, f)
	return room.scheduled(c, f, done.Saved, done.Slot, next)
}

// undoBefore is how long before its time a post can still be taken back by one
// press.
const undoBefore = 60 // seconds

// scheduled says that it is done, once it is.
func (room *Room) scheduled(c echo.Context, f *composerForm, saved store.SavedPost, slot club.Slot, next bool) error {
	ctx := c.Request().Context()
	if f.when == "now" {
		room.Flash(c, "done", web.T(c, "publishing_now"))
		return web.SeeOther(c, web.PostPath(saved.ID))
	}
	if !slot.At.After(room.Now()) {
		room.Flash(c, "done", web.T(c, "post_updated"))
		return web.SeeOther(c, web.PostPath(saved.ID))
	}
	text := web.T(c, "scheduled_for", "when", i18n.When(ctx, web.InZone(slot.At, slot.Zone)))
	if slot.Note == club.SlotTwice {
		text += " " + web.T(c, "time_twice", "time", slot.Clock(), "date", i18n.DayShort(ctx, web.InZone(slot.At, slot.Zone)))
	}
	actions := []layout.FlashAction{{Label: web.T(c, "see_it"), Path: web.PostPath(saved.ID)}}
	if slot.At.Sub(room.Now()).Seconds() > undoBefore {
		actions = append([]layout.FlashAction{{Label: web.T(c, "undo"), Path: web.PostPath(saved.ID) + "/draft", Post: true}}, actions...)
	}
	room.FlashWith(c, "done", text, actions...)
	if !next {
		path, err := room.OnCalendar(c, slot, saved.ID)
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
func (room *Room) createDraft(c echo.Context) error {
	id := web.ParseID(c.Param("id"))
	if err := room.Planning.BackToDraft(c.Request().Context(), web.By(c), id); err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "post_back_to_draft"))
	return web.SeeOther(c, web.PostPath(id)+"/edit")
}

// createAnswer is a person's decision on an account of a post that failed or
// needs attention, and on others with the same trouble.
func (room *Room) createAnswer(c echo.Context) error {
	form, err := c.FormParams()
	if err != nil {
		return err
	}
	first, err := room.DB.Delivery(c.Request().Context(), web.Scope(c), c.Param("id"))
	if err != nil {
		return err
	}
	answer, key, err := answerOf(c)
	if err != nil {
		return room.answerAgain(c, first.PostID, err)
	}
	ids := []string{first.ID}
	for _, id := range form["also"] {
		if !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	checked, err := room.Planning.Answer(c.Request().Context(), web.By(c), answer, first.PostID, ids...)
	if err == nil {
		err = room.Blocked(c, checked)
	}
	if err != nil {
		return room.answerAgain(c, first.PostID, err)
	}
	kind, words := "done", web.T(c, key)
	if answer.Kind == club.PersonSendsNow || answer.Kind == club.PersonMisses {
		if kind, words, err = room.sendsWords(c, first.ConnectionID, words); err != nil {
			return err
		}
	}
	room.Flash(c, kind, words)
	return web.SeeOther(c, web.PostPath(first.PostID)+"#delivery-"+first.ID)
}

// sendsWords say what becomes of a post that is to be sent: at once, as words say, or
// later, where all posts are held, the account does not work, or its platform has
// asked us to wait.
func (room *Room) sendsWords(c echo.Context, connection int64, words string) (kind, text string, err error) {
	conn, err := room.DB.Connection(c.Request().Context(), web.Scope(c), connection)
	switch {
	case err != nil:
		return "", "", err
	case web.Actor(c).Hold.Phase != "":
		return "note", web.T(c, "answered_held"), nil
	case !conn.Usable():
		return "note", web.T(c, "answered_account", "account", conn.Account.Name, "platform", room.SiteName(c, conn.Account.Platform)), nil
	case conn.BlockedUntil.After(room.Now()):
		when := i18n.When(c.Request().Context(), room.Local(c, conn.BlockedUntil))
		return "note", web.T(c, "answered_now_waits", "platform", room.SiteName(c, conn.Account.Platform), "when", when), nil
	}
	return "done", words, nil
}

// answerOf reads a decision, and the message that says it was carried out.
func answerOf(c echo.Context) (a planning.Answer, key string, err error) {
	switch c.FormValue("answer") {
	case "there":
		address := c.FormValue("link")
		if l := planning.LinkOf(address); l != nil {
			address = l.URL
		} else if address != "" {
			return a, "", club.Fault("link", "problem_"+planning.CodeLinkForm)
		}
		return planning.Answer{Kind: club.PersonFinds, URL: address}, "answered_there", nil
	case "missing":
		return planning.Answer{Kind: club.PersonMisses}, "answered_missing", nil
	case "now":
		return planning.Answer{Kind: club.PersonSendsNow}, "answered_now", nil
	case "retime":
		wish := planning.Wish{Choice: planning.AtTime, Date: c.FormValue("date"), Clock: c.FormValue("time")}
		return planning.Answer{Kind: club.PersonRetimes, Wish: wish}, "answered_retime", nil
	case "discard":
		return planning.Answer{Kind: club.PersonCancels}, "answered_discard", nil
	}
	return a, "", club.ErrNotFound
}

// answerAgain says why a decision could not be carried out, on the post's page:
// at the field, with what was typed, unless the post has moved on meanwhile.
func (room *Room) answerAgain(c echo.Context, post int64, err error) error {
	ce, ok := errors.AsType[*club.Error](err)
	if !ok || web.IsHX(c) {
		return err
	}
	switch {
	case ce.Code == club.Conflict:
		room.Flash(c, "problem", room.ProblemOf(c, err).Text)
		return web.SeeOther(c, web.PostPath(post))
	case ce.Code != club.Invalid && !club.Storage(err):
		return err
	}
	p, readErr := room.DB.Post(c.Request().Context(), web.Scope(c), post)
	if readErr != nil {
		return readErr
	}
	v, readErr := room.postView(c, p)
	if readErr != nil {
		return readErr
	}
	problem := room.ProblemOf(c, err)
	switch ce.Key {
	case planning.KeyDateUnreadable, planning.KeyTimeUnreadable:
		problem.Text = web.T(c, "answer_time", "problem", web.TimeText(c, ce))
	case planning.KeyTimePast, planning.KeyTimeGap:
		problem.Text = web.TimeText(c, ce)
	}
	page := room.Page(c, "posts", web.PostTitle(c, p))
	page.Faults = []layout.Fault{v.Head.Refuse(c.Param("id"), ce.Field, problem.Text, posts.Answer{
		Link: c.FormValue("link"), Date: c.FormValue("date"), Clock: c.FormValue("time"), Retime: c.FormValue("answer") == "retime",
	})}
	return room.Render(c, problem.Status, posts.One(page, v))
}
