package posts

import (
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/bandstand-app/bandstand/handlers/web"
	"github.com/bandstand-app/bandstand/internal/club"
	"github.com/bandstand-app/bandstand/internal/i18n"
	"github.com/bandstand-app/bandstand/internal/textdiff"
	"github.com/bandstand-app/bandstand/store"
	"github.com/bandstand-app/bandstand/views/posts"
)

// createPost is the composer's one form: the button pressed says what to do.
func (room *Room) createPost(c echo.Context) error {
	f, post, err := room.composing(c)
	if club.CodeOf(err) == club.NotFound && f != nil {
		return room.composeAnew(c, f)
	}
	if err != nil {
		return err
	}
	if len(f.uploads) > 0 {
		if err := room.takeUploads(c, f); err != nil {
			return err
		}
	}
	d, err := room.contextFor(c, post, f.content)
	if err != nil {
		return err
	}
	if f.faults.Any() {
		return room.drawComposer(c, http.StatusUnprocessableEntity, d, f)
	}
	do, arg, _ := strings.Cut(f.do, "-")
	switch do {
	case "schedule", "next":
		return room.schedule(c, d, f, do == "next")
	case "mine":
		f.version = web.ParseID(arg)
		return room.saveDraft(c, d, f)
	case "", "draft":
		return room.saveDraft(c, d, f)
	}
	return room.arrange(c, d, f, do, arg)
}

// saveDraft keeps what is there, finished or not.
func (room *Room) saveDraft(c echo.Context, d *composerContext, f *composerForm) error {
	slot, field, message := room.slotOf(c, f)
	change := f.change(slot)
	change.Asked = true
	saved, err := room.DB.SavePost(c.Request().Context(), web.Scope(c), change)
	if err != nil {
		return room.notSaved(c, d, f, err)
	}
	room.dropKept(c, f)
	if field != "" {
		// What was written is safe; the time is not understood.
		f.post, f.version = saved.ID, saved.Version
		f.faults.Add(field, message)
		return room.drawComposer(c, http.StatusUnprocessableEntity, d, f)
	}
	key := "saved_draft"
	switch {
	case saved.Pending:
		key = "saved_pending"
	case saved.Begun:
		key = "saved"
	}
	room.Flash(c, "done", web.T(c, key))
	return web.SeeOther(c, web.PostPath(saved.ID))
}

// arrange carries out the buttons that only change the form.
func (room *Room) arrange(c echo.Context, d *composerContext, f *composerForm, do, arg string) error {
	media, at := f.shownWith(arg)
	switch {
	case do == "thread", do == "comment":
		f.addPart(club.PartKind(do))
		return room.arrangeParts(c, d, f)
	case do == "dropped":
		n, _ := strconv.Atoi(arg)
		f.dropPart(n)
		return room.arrangeParts(c, d, f)
	case do == "own":
		return room.giveOwnText(c, d, f, web.ParseID(arg))
	case do == "shared":
		delete(f.content.Texts, web.ParseID(arg))
		if web.IsHX(c) {
			return room.answerTools(c, d, f)
		}
	case do == "up" && media != nil && at > 0:
		(*media)[at-1], (*media)[at] = (*media)[at], (*media)[at-1]
	case do == "down" && media != nil && at < len(*media)-1:
		(*media)[at+1], (*media)[at] = (*media)[at], (*media)[at+1]
	case do == "remove" && media != nil:
		*media = slices.Delete(*media, at, at+1)
	case do == "time":
		f.clock = arg
	}
	v, err := room.composerView(c, d, f)
	if err != nil {
		return err
	}
	return room.renderComposer(c, http.StatusOK, v)
}

// giveOwnText copies the text for all into one for a single account.
func (room *Room) giveOwnText(c echo.Context, d *composerContext, f *composerForm, id int64) error {
	if _, ok := d.connection(id); !ok {
		return club.ErrNotFound
	}
	if _, has := f.content.Texts[id]; has && web.IsHX(c) {
		return c.NoContent(http.StatusNoContent) // pressed twice
	}
	if f.content.Texts == nil {
		f.content.Texts = map[int64]string{}
	}
	f.content.Texts[id], f.fresh = f.content.Text, id
	v, err := room.composerView(c, d, f)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(v.Own, func(o posts.OwnText) bool { return o.Account.ID == id })
	if !web.IsHX(c) || i < 0 {
		return room.renderComposer(c, http.StatusOK, v)
	}
	return room.Render(c, http.StatusOK, posts.OwnTextField(v.Own[i]), posts.OwnTools(v.OwnTools, true))
}

// answerTools redraws the buttons that give an account its own text.
func (room *Room) answerTools(c echo.Context, d *composerContext, f *composerForm) error {
	v, err := room.composerView(c, d, f)
	if err != nil {
		return err
	}
	return room.Render(c, http.StatusOK, posts.OwnTools(v.OwnTools, true))
}

// createAutosave keeps what is being typed. It checks nothing: only scheduling
// does.
func (room *Room) createAutosave(c echo.Context) error {
	f, post, err := room.composing(c)
	if err != nil {
		return err
	}
	if f.large {
		if web.IsHX(c) {
			return c.NoContent(http.StatusRequestEntityTooLarge) // the page has words of its own for this
		}
		d, err := room.contextFor(c, post, f.drawn())
		if err != nil {
			return err
		}
		return room.drawComposer(c, http.StatusRequestEntityTooLarge, d, f)
	}
	slot, _, _ := room.slotOf(c, f)
	if slot.At.IsZero() && f.when == "time" && post != nil {
		slot = post.Planned // half a date is no wish to lose the other
	}
	saved, err := room.DB.SavePost(c.Request().Context(), web.Scope(c), f.change(slot))
	if err != nil {
		d, derr := room.contextFor(c, post, f.content)
		if derr != nil {
			return derr
		}
		return room.notSaved(c, d, f, err)
	}
	room.dropKept(c, f)
	if f.post == 0 || f.kept != "" {
		c.Response().Header().Set("HX-Replace-Url", web.PostPath(saved.ID)+"/edit")
	}
	state := posts.SaveState{
		Post: saved.ID, Version: saved.Version, Pending: saved.Pending,
		Text: web.T(c, "save_done", "time", i18n.Clock(c.Request().Context(), web.InZone(saved.At, web.Actor(c).Club.Zone))),
	}
	if saved.Pending {
		state.Text = web.T(c, "save_pending")
	}
	if !web.IsHX(c) {
		return web.SeeOther(c, web.PostPath(saved.ID)+"/edit")
	}
	return room.Render(c, http.StatusOK, posts.Saved(state))
}

// notSaved answers a composer whose post could not be stored. What was typed
// stays: on the page that htmx keeps, or in the form that is shown again.
func (room *Room) notSaved(c echo.Context, d *composerContext, f *composerForm, err error) error {
	switch {
	case club.CodeOf(err) == club.Conflict:
		return room.showConflict(c, d, f, err)
	case club.Storage(err) && !web.IsHX(c):
		p := room.ProblemOf(c, err)
		f.faults.Add("", p.Text)
		return room.drawComposer(c, p.Status, d, f)
	case club.CodeOf(err) == club.NotFound && room.partsGone(c, d, f) && !isAutosave(c):
		return room.drawComposer(c, http.StatusUnprocessableEntity, d, f)
	}
	return err
}

// isAutosave: the page stays as it is, whatever the answer.
func isAutosave(c echo.Context) bool { return web.IsHX(c) && strings.HasSuffix(c.Path(), "/autosave") }

// partsGone says at its field what the form holds and the club does not have:
// an account, a picture, a label. Nothing that was written goes with it. It
// tells whether there is any.
func (room *Room) partsGone(c echo.Context, d *composerContext, f *composerForm) bool {
	before := len(f.faults.List)
	gone, moved := false, ""
	for _, id := range f.content.Accounts {
		if _, there := d.connection(id); there {
			continue
		}
		gone = true
		if own := f.content.Texts[id]; strings.TrimSpace(own) != "" {
			f.content.Text += "\n\n" + own
			moved = "yes"
		}
	}
	if gone {
		f.content.Accounts = slices.DeleteFunc(f.content.Accounts, func(id int64) bool { _, there := d.connection(id); return !there })
		f.faults.Add("accounts", web.T(c, "composer_account_gone", "moved", moved))
	}
	if slices.ContainsFunc(f.content.Pictures(), func(id string) bool { _, there := d.media[id]; return !there }) {
		f.faults.Add("media", web.T(c, "composer_picture_gone"))
	}
	if f.campaign != 0 && !slices.ContainsFunc(d.campaigns, func(g store.Campaign) bool { return g.ID == f.campaign }) {
		f.faults.Add("campaign", web.T(c, "choose_listed"))
	}
	return len(f.faults.List) > before
}

// composeAnew shows what was written for a post that is not there any more as a
// new one.
func (room *Room) composeAnew(c echo.Context, f *composerForm) error {
	f.post, f.version, f.op = 0, 0, rand.Text()
	f.faults.Add("", web.T(c, "composer_post_gone"))
	d, err := room.contextFor(c, nil, f.content)
	if err != nil {
		return err
	}
	room.partsGone(c, d, f)
	return room.drawComposer(c, http.StatusNotFound, d, f)
}

// showConflict puts both texts side by side: nothing is overwritten.
func (room *Room) showConflict(c echo.Context, d *composerContext, f *composerForm, cause error) error {
	ce, ok := errors.AsType[*club.Error](cause)
	if !ok || ce.Key != "post_conflict" {
		return cause
	}
	f.post = web.ParseID(ce.Args["post"]) // also if the answer that made it was lost
	theirs, err := room.DB.Post(c.Request().Context(), web.Scope(c), f.post)
	if err != nil {
		return err
	}
	d.post = &theirs
	v, err := room.composerView(c, d, f)
	if err != nil {
		return err
	}
	v.Conflict = &posts.Conflict{
		Person: ce.Args["person"], Own: ce.Args["own"], Version: theirs.Version, Mine: f.content.Text, Theirs: theirs.Content().Text,
		Text: room.ProblemOf(c, cause).Text,
	}
	v.Conflict.Changes = changes(textdiff.Words(v.Conflict.Theirs, v.Conflict.Mine))
	if web.IsHX(c) {
		c.Response().Header().Set("HX-Retarget", "#conflict-slot")
		c.Response().Header().Set("HX-Reswap", "innerHTML")
		return room.Render(c, http.StatusConflict, posts.ConflictPanel(v))
	}
	return room.renderComposer(c, http.StatusConflict, v)
}

// changes is what differs between two texts, for a page.
func changes(parts []textdiff.Part) []posts.Change {
	var out []posts.Change
	for _, p := range parts {
		kind := ""
		switch p.In {
		case textdiff.First:
			kind = "del"
		case textdiff.Second:
			kind = "ins"
		case textdiff.Both:
		}
		out = append(out, posts.Change{Kind: kind, Text: p.Text})
	}
	return out
}

// createDeletion takes a post off every page.
func (room *Room) createDeletion(c echo.Context) error {
	id := web.ParseID(c.Param("id"))
	p, err := room.editable(c, id)
	if err != nil {
		return err
	}
	if p == nil {
		return club.ErrNotFound
	}
	// What may not be deleted just now, the store says.
	a := web.Actor(c)
	if !club.MayDelete(a.Role, p.AuthorID == a.Person.ID, p.Status()) && !a.Role.Can(club.SchedulePosts) {
		return web.Forbidden(club.SchedulePosts)
	}
	if err := room.DB.DeletePost(c.Request().Context(), web.Scope(c), id, web.Origin(c)); err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "post_deleted"))
	return web.SeeOther(c, "/posts")
}

// createDuplicate makes a draft with the same content.
func (room *Room) createDuplicate(c echo.Context) error {
	id, err := room.DB.DuplicatePost(c.Request().Context(), web.Scope(c), web.ParseID(c.Param("id")), c.FormValue("op"))
	if err != nil {
		return err
	}
	room.Flash(c, "done", web.T(c, "post_copied"))
	return web.SeeOther(c, web.PostPath(id)+"/edit")
}

// createRevision decides on changes to a scheduled post: take them over, or
// throw them away.
func (room *Room) createRevision(c echo.Context) error {
	id := web.ParseID(c.Param("id"))
	p, err := room.editable(c, id)
	if err != nil {
		return err
	}
	if p == nil || p.Pending == nil {
		return club.ErrNotFound
	}
	if c.FormValue("do") == "throw" {
		if err := room.DB.ThrowAwayPending(c.Request().Context(), web.Scope(c), id, web.ParseID(c.FormValue("version"))); err != nil {
			return err
		}
		room.Flash(c, "done", web.T(c, "pending_thrown"))
		return web.SeeOther(c, web.PostPath(id))
	}
	if !web.Actor(c).Role.Can(club.SchedulePosts) {
		return web.Forbidden(club.SchedulePosts)
	}
	f := formOf(*p)
	f.version = web.ParseID(c.FormValue("version"))
	d, err := room.contextFor(c, p, f.content)
	if err != nil {
		return err
	}
	return room.schedule(c, d, f, false)
}
